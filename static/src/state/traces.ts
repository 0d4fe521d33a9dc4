/** The traces of the calls since the page was opened, the newest first. */
import { signal } from "@preact/signals";
import type { Trace } from "../trace/record";

export const MOST_TRACES = 10;

export const tracesOpen = signal(false);
export const traces = signal<readonly Trace[]>([]);

/** Adds a trace, or puts a newer one of the same call in its place. */
export function keepTrace(trace: Trace) {
  const others = traces.value.filter((each) => each.id !== trace.id);
  traces.value = [trace, ...others].slice(0, MOST_TRACES);
}
