/** Figures as SVG paths. Pure. */
import type { Figures } from "../../media/figures";

export const WIDTH = 300;
export const HEIGHT = 60;

export interface Curve {
  name: string;
  /** Of one reading; null leaves a gap. */
  value: (figures: Figures) => number | null;
}

/** Of a short call the curve is wide all the same; seconds that the whole width is, at least. */
const LEAST_WIDE = 60;

/** The figures from left to right, the newest at the edge, `highest` at the top; "" for nothing. */
export function pathOf(
  figures: readonly Figures[],
  value: Curve["value"],
  lowest: number,
  highest: number,
): string {
  const span = Math.max(highest - lowest, 1e-9);
  const wide = WIDTH / (Math.max(LEAST_WIDE, figures.length) - 1);
  let pen = "M";
  let path = "";
  for (const [index, each] of figures.entries()) {
    const found = value(each);
    if (found === null) {
      pen = "M";
      continue;
    }
    const part = Math.min(1, Math.max(0, (found - lowest) / span));
    const x = WIDTH - (figures.length - 1 - index) * wide;
    path += `${pen}${x.toFixed(1)} ${(HEIGHT - part * HEIGHT).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/** A round number not below any value, for the top of the scale. */
export function topOf(
  figures: readonly Figures[],
  values: readonly Curve["value"][],
  least: number,
) {
  const all = figures.flatMap((each) => values.map((value) => value(each) ?? 0));
  const highest = Math.max(least, ...all);
  const step = 10 ** Math.floor(Math.log10(highest));
  return Math.ceil(highest / step) * step;
}
