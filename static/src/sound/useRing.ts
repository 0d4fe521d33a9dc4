import { useEffect } from "preact/hooks";
import { play, RING, RINGBACK } from "./ring";

/** Rings while `on`. */
export function useRing(on: boolean) {
  useEffect(() => (on ? play(RING) : undefined), [on]);
}

/** The tone that tells a caller that it rings at the other end. */
export function useRingback(on: boolean) {
  useEffect(() => (on ? play(RINGBACK) : undefined), [on]);
}
