import { describe, expect, it } from "vitest";
import { figuresOf } from "../../media/figures";
import { pathOf, topOf } from "./curves";

const figures = [1, null, 3, 9].map((mos) => ({ ...figuresOf(new Map(), null, 0), mos }));

describe("a curve", () => {
  it("ends at the right, with gaps, within its box", () => {
    expect(pathOf(figures, (each) => each.mos, 1, 5)).toBe("M284.7 60.0M294.9 30.0L300.0 0.0");
  });

  it("of nothing is nothing", () => {
    expect(pathOf([], () => 1, 0, 1)).toBe("");
  });

  it("has a round top", () => {
    expect(topOf(figures, [(each) => (each.mos ?? 0) * 13], 10)).toBe(200);
    expect(topOf([], [], 100)).toBe(100);
  });
});
