/** Figures as SVG paths. Pure. */
import type { Figures } from "../../media/figures";

export const WIDTH = 300;
export const HEIGHT = 60;

export interface Curve {
  name: string;
  /** Of one reading; null leaves a gap. */
  value: (figures: Figures) => number | null;
}

/** The last figures from left to right, one a pixel, `highest` at the top; "" for nothing. */
export function pathOf(
  figures: readonly Figures[],
  value: Curve["value"],
  lowest: number,
  highest: number,
): string {
  const span = Math.max(highest - lowest, 1e-9);
  const first = WIDTH - figures.length;
  let pen = "M";
  let path = "";
  for (const [index, each] of figures.entries()) {
    const found = value(each);
    if (found === null) {
      pen = "M";
      continue;
    }
    const part = Math.min(1, Math.max(0, (found - lowest) / span));
    path += `${pen}${first + index} ${(HEIGHT - part * HEIGHT).toFixed(1)}`;
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
