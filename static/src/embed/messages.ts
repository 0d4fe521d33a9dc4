/** What passes between the page in a frame and the site around it. */
import type { CallPhase } from "../state/types";

export type Message =
  | { voip: "place"; user: string; video: boolean }
  | { voip: "hangUp" }
  | { voip: "state" };

export interface State {
  voip: "state";
  /** Who is signed in. */
  user: string | null;
  /** Calls can be placed. */
  online: boolean;
  call: { peer: string; phase: CallPhase; video: boolean } | null;
  ringing: { peer: string; video: boolean } | null;
  /** The last sentence that the person was told. */
  notice: string | null;
}

/** Null for what is none of ours: sites post all sorts of things to their frames. */
export function parseMessage(data: unknown): Message | null {
  if (typeof data !== "object" || data === null) return null;
  const { voip, user, video } = data as Record<string, unknown>;
  if (voip === "hangUp" || voip === "state") return { voip };
  if (voip !== "place" || typeof user !== "string" || user.length > 255) return null;
  return { voip, user, video: video === true };
}
