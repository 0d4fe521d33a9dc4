import { useEffect } from "preact/hooks";
import { play, RING, RINGBACK, WAITING } from "./ring";

/** Rings, or knocks softly on the call that the person is in. */
export function useRing(busy: boolean) {
  useEffect(() => play(busy ? WAITING : RING), [busy]);
}

/** The tone that tells a caller that it rings at the other end. */
export function useRingback(on: boolean) {
  useEffect(() => (on ? play(RINGBACK) : undefined), [on]);
}
