/** Gives a trace to the person as a file, in the form that `voip trace --file` reads. */
import type { Trace } from "../../trace/record";

const URL_LASTS_MS = 60_000;

export function saveTrace(trace: Trace) {
  const blob = new Blob([JSON.stringify(trace, null, 1)], { type: "application/json" });
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = `call-${trace.began.slice(0, 19).replaceAll(":", "-")}-${trace.id}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), URL_LASTS_MS);
}
