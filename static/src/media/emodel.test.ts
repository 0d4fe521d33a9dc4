/** The values that tests/media/test_emodel.py works out by hand from the formulas of G.107. */
import { describe, expect, it } from "vitest";
import { delayImpairment, lossImpairment, mos, mosOf, qualityOf } from "./emodel";

describe("the E-model", () => {
  it.each([
    [93.2, 4.4093],
    [80, 4.024],
    [50, 2.575],
    [100, 4.5],
    [120, 4.5],
    [0, 1],
    [-20, 1],
  ])("annex B: R = %d", (r, expected) => {
    expect(mosOf(r)).toBeCloseTo(expected, 4);
  });

  it("loss", () => {
    expect(lossImpairment(0)).toBe(0);
    expect(lossImpairment(0.05)).toBeCloseTo((95 * 5) / 30.1, 6);
    expect(lossImpairment(0.251)).toBeCloseTo(47.5, 6);
    expect(lossImpairment(7)).toBe(lossImpairment(1));
  });

  it("delay", () => {
    expect(delayImpairment(0.1)).toBe(0);
    expect(delayImpairment(0.2)).toBeCloseTo(3.0444, 3);
    expect(delayImpairment(0.4)).toBeCloseTo(24.0701, 3);
  });

  it("a call", () => {
    expect(mos({ loss: 0, jitter: 0, roundTrip: null })).toBeCloseTo(4.4093, 4);
    expect(mos({ loss: 0.05, jitter: 0.03675, roundTrip: 0.2 })).toBeCloseTo(3.7949, 3);
  });

  it("has a word for it", () => {
    expect([4.4, 3.6, 3.5, 2.6, 2.5, 1].map(qualityOf)).toEqual([
      "good",
      "good",
      "fair",
      "fair",
      "poor",
      "poor",
    ]);
  });
});
