/** How a call is laid out on the stage, and how much it may send. */
import { signal } from "@preact/signals";
import { remembered } from "./remembered";

export type Corner = "top-start" | "top-end" | "bottom-start" | "bottom-end";
export const CORNERS: readonly Corner[] = ["top-end", "bottom-end", "bottom-start", "top-start"];

/** `full`: as well as the network carries. `small`: 240 lines. `voice`: the camera is off. */
export type Bandwidth = "full" | "small" | "voice";
export const BANDWIDTHS: readonly Bandwidth[] = ["full", "small", "voice"];

export interface LayoutChoices {
  /** Everybody at the same size, else whoever is looked at large. */
  tiles: boolean;
  selfHidden: boolean;
  selfCorner: Corner;
  bandwidth: Bandwidth;
}

export const layoutChoices = remembered<LayoutChoices>("voip.layout", {
  tiles: false,
  selfHidden: false,
  selfCorner: "top-end",
  bandwidth: "full",
});

/** The panel with what the network does. */
export const statsOpen = signal(false);
/** The messages of the call's room, beside the call. */
export const messagesOpen = signal(false);

export function arrange(change: Partial<LayoutChoices>) {
  layoutChoices.value = { ...layoutChoices.value, ...change };
}

export function nextCorner(from: Corner, step: 1 | -1 = 1): Corner {
  const at = CORNERS.indexOf(from) + step + CORNERS.length;
  return CORNERS[at % CORNERS.length] ?? "top-end";
}

/** The corner nearest to a point of a box; `x` and `y` from 0 to 1, from its left and top. */
export function cornerAt(x: number, y: number, rightToLeft: boolean): Corner {
  const start = x < 0.5 !== rightToLeft;
  return `${y < 0.5 ? "top" : "bottom"}-${start ? "start" : "end"}`;
}
