/** What was measured of the call on the stage, over the last minutes. */
import { signal } from "@preact/signals";
import type { Figures } from "../media/figures";

/** Five minutes at one a second. */
export const MOST_FIGURES = 300;

export interface Measured {
  callId: string;
  figures: readonly Figures[];
  /** Kilobits a second sent before low bandwidth was chosen; null where that was never measured. */
  fullKbps: number | null;
}

export const measured = signal<Measured | null>(null);

/** With one more reading, the oldest given up; a new list where another call begins. */
export function withFigures(
  old: Measured | null,
  callId: string,
  next: Figures,
  full: boolean,
): Measured {
  const same = old?.callId === callId ? old : { callId, figures: [], fullKbps: null };
  const figures = [...same.figures, next].slice(-MOST_FIGURES);
  const fullKbps = full && next.outKbps > 0 ? average(figures.slice(-5)) : same.fullKbps;
  return { callId, figures, fullKbps };
}

function average(figures: readonly Figures[]): number {
  return figures.reduce((sum, each) => sum + each.outKbps, 0) / Math.max(1, figures.length);
}
