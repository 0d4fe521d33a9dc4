import { describe, expect, it } from "vitest";
import { figuresOf } from "../media/figures";
import { type Measured, MOST_FIGURES, withFigures } from "./stats";

const figures = (outKbps: number) => ({ ...figuresOf(new Map(), null, 0), outKbps });

describe("what is kept of a call", () => {
  it("is bounded", () => {
    let kept: Measured | null = null;
    for (let n = 0; n < MOST_FIGURES + 10; n++) kept = withFigures(kept, "a", figures(n), true);
    expect(kept?.figures.length).toBe(MOST_FIGURES);
    expect(kept?.figures[0]?.outKbps).toBe(10);
  });

  it("begins anew with another call", () => {
    const first = withFigures(null, "a", figures(1), true);
    expect(withFigures(first, "b", figures(2), true).figures).toHaveLength(1);
  });

  it("remembers what was sent before low bandwidth", () => {
    const first = withFigures(null, "a", figures(800), true);
    expect(withFigures(first, "a", figures(50), false).fullKbps).toBe(800);
  });
});
