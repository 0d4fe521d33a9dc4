/** The SDK's call behind what the page shows, by its id. */
import { CallState, type MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { current } from "./current";

export function callOf(id: string | undefined): MatrixCall | null {
  if (id === undefined) return null;
  return current()?.callEventHandler?.calls.get(id) ?? null;
}

/** Every call that has not ended. */
export function liveCalls(): MatrixCall[] {
  const calls = current()?.callEventHandler?.calls.values() ?? [];
  return [...calls].filter((call) => call.state !== CallState.Ended);
}
