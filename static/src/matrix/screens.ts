/** The screens that are shared in a call. */
import { callOf } from "./callof";

export interface Screens {
  peer: MediaStream | null;
  own: MediaStream | null;
}

export function screensOf(callId: string): Screens {
  const call = callOf(callId);
  return {
    peer: call?.remoteScreensharingStream ?? null,
    own: call?.localScreensharingStream ?? null,
  };
}
