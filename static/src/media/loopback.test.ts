import { describe, expect, it } from "vitest";
import { loudness, medianOf, powerAt } from "./loopback";

const RATE = 48_000;
const tone = (hertz: number, amplitude: number) =>
  Float32Array.from(
    { length: 1024 },
    (_, n) => amplitude * Math.sin((2 * Math.PI * hertz * n) / RATE),
  );

describe("a tone", () => {
  it("is heard at its own pitch alone", () => {
    expect(powerAt(1270, tone(1270, 0.5), RATE)).toBeCloseTo(0.25, 1);
    expect(powerAt(1270, tone(1000, 0.5), RATE)).toBeLessThan(0.005);
    expect(powerAt(1270, tone(1270, 0), RATE)).toBe(0);
  });

  it("has a loudness", () => {
    expect(loudness(tone(1270, 1))).toBeCloseTo(Math.SQRT1_2, 2);
  });
});

it("the median is the one in the middle", () => {
  expect(medianOf([3, 1, 2])).toBe(2);
  expect(medianOf([])).toBeNull();
});
