/** Why a call ended, in the words of the service's traces (`EndReason` in signalling/commands.py). */
import { wireReason } from "./facts";
import type { By, End } from "./record";

export interface SdkEnd {
  /** A code of the specification's, or of matrix-js-sdk's own. */
  reason: string;
  remote: boolean;
  /** It was connected. */
  established: boolean;
  /** An m.call.reject was sent or came: whose. */
  rejected: "us" | "peer" | "other_device" | null;
}

const TEXTS = {
  hangup: "hung up",
  rejected: "declined",
  busy: "busy",
  answered_elsewhere: "answered on another device",
  rejected_elsewhere: "declined on another device",
  not_answered: "not answered in time",
  no_path: "no network path between the two sides was found",
  connect_timeout: "the connection took too long",
  media_lost: "the other side stopped sending",
  media_failed: "the media could not be set up",
  bad_description: "the other side's session description cannot be used",
  send_failed: "the homeserver could not be reached",
  peer_failed: "it failed on the other side",
} as const;
type Reason = keyof typeof TEXTS;

export function endOf(end: SdkEnd): End {
  const [reason, by] = reasonOf(end);
  const wire_reason = end.remote ? wireReason(end.reason) : "";
  return { reason, text: TEXTS[reason], by, wire_reason };
}

function reasonOf({ reason, remote, established, rejected }: SdkEnd): [Reason, By] {
  const who: By = remote ? "peer" : "us";
  if (rejected === "other_device") return ["rejected_elsewhere", "other_device"];
  if (rejected) return ["rejected", rejected];
  switch (reason) {
    case "user_hangup":
    case "transferred":
    case "new_session":
      return ["hangup", who];
    case "user_busy":
      return ["busy", who];
    case "answered_elsewhere":
      return ["answered_elsewhere", "other_device"];
    case "invite_timeout":
      return ["not_answered", remote ? "peer" : "time"];
    case "ice_failed":
      return [established ? "media_lost" : "no_path", remote ? "peer" : "fault"];
    case "ice_timeout":
      return ["connect_timeout", remote ? "peer" : "time"];
    case "signalling_timeout":
    case "send_invite":
    case "send_answer":
      return ["send_failed", "fault"];
    case "set_remote_description":
      return ["bad_description", "fault"];
    default:
      return remote ? ["peer_failed", "peer"] : ["media_failed", "fault"];
  }
}
