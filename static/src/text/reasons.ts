/** Why a call ended, as a sentence that says what happened and what to do. */
import { clock } from "./time";

export interface Ending {
  /** `reason` of m.call.hangup, or a code of the SDK's own for what failed here. */
  reason: string | undefined;
  /** The other side ended it. */
  remote: boolean;
  outgoing: boolean;
  peer: string;
  /** Seconds of conversation; null when it never connected. */
  lasted: number | null;
  /** What the SDK reported last, if anything. */
  error: string;
}

export interface Sentence {
  text: string;
  failed: boolean;
}

/** The reasons of client-server API, m.call.hangup, and those that other clients send. */
const REASONS: Record<string, (end: Ending) => string> = {
  ice_failed: ({ lasted }) =>
    lasted === null
      ? "No connection between the two of you could be made. A firewall may be in the way: try another network, or ask whoever runs this service for a relay (TURN)."
      : "The connection was lost. Check your network, then call again.",
  ice_timeout: () =>
    "Connecting took too long. Try again; if it keeps happening, try another network.",
  invite_timeout: ({ peer, outgoing }) =>
    outgoing ? `${peer} did not answer.` : `You missed a call from ${peer}.`,
  user_media_failed: ({ peer }) =>
    `${peer} could not use their microphone or camera. Ask them to check it and try again.`,
  user_busy: ({ peer }) => `${peer} is in another call. Try again later.`,
  answered_elsewhere: () => "You answered this call on another device.",
  replaced: () => "This call was replaced by another one.",
  transferred: ({ peer }) => `${peer} transferred the call.`,
  new_session: ({ peer }) => `${peer} started over in another window. Call again.`,
  no_user_media: ({ error }) => mediaProblem(error),
  signalling_timeout: () =>
    "The homeserver stopped taking this call's messages. Check your network, then call again.",
  send_invite: ({ error }) => sendProblem("The call could not be placed", error),
  send_answer: ({ error }) => sendProblem("Your answer could not be sent", error),
  unknown_devices: () => "The room has devices that this page does not know yet. Try once more.",
  set_remote_description: ({ peer }) =>
    `${peer}'s app offered a kind of media that this browser does not understand.`,
};

const BROWSER_FAULTS = new Set([
  "local_offer_failed",
  "create_offer",
  "create_answer",
  "set_local_description",
]);

export function endSentence(end: Ending): Sentence {
  const { reason = "user_hangup", peer, lasted, remote, outgoing } = end;
  if (reason === "user_hangup") return { text: hangupText(end), failed: false };
  const known = REASONS[reason];
  if (known) return { text: known(end), failed: !QUIET.has(reason) };
  if (BROWSER_FAULTS.has(reason)) {
    return {
      text: "This browser could not set up the call. Reload the page and try again.",
      failed: true,
    };
  }
  const who = remote || !outgoing ? `${peer}'s side` : "The call's own side";
  const how = lasted === null ? "could not start the call" : "ended the call";
  return { text: `${who} ${how} without a reason this page knows. Try again.`, failed: true };
}

const QUIET = new Set([
  "answered_elsewhere",
  "replaced",
  "transferred",
  "user_busy",
  "invite_timeout",
]);

function hangupText({ lasted, remote, outgoing, peer }: Ending): string {
  if (lasted !== null) return `Call ended after ${clock(lasted)}.`;
  if (outgoing) return remote ? `${peer} declined the call.` : "Call cancelled.";
  return remote ? `You missed a call from ${peer}.` : "You declined the call.";
}

/** `error` carries the name of a DOMException of getUserMedia. */
export function mediaProblem(error: string): string {
  if (/NotAllowed|SecurityError|Permission/.test(error)) {
    return "This page may not use your microphone or camera. Allow it beside the address bar, then call again.";
  }
  if (/NotReadable|TrackStart|AbortError/.test(error)) {
    return "Another program is using your microphone or camera. Close it, then call again.";
  }
  if (/insecure/.test(error)) {
    return "Browsers allow the microphone only on https addresses. Open this page with https.";
  }
  if (/no-camera/.test(error)) {
    return "No camera was found. Plug one in, or make a voice call.";
  }
  return "No microphone was found. Plug one in or switch it on, then call again.";
}

function sendProblem(what: string, error: string): string {
  if (/M_FORBIDDEN|\[403\]/.test(error)) {
    return `${what}: you may not send in this room. Ask a moderator of the room for permission.`;
  }
  if (/M_LIMIT_EXCEEDED|\[429\]/.test(error)) {
    return `${what}: the homeserver is limiting how fast you send. Wait a moment, then try again.`;
  }
  if (/M_UNKNOWN_TOKEN|\[401\]/.test(error)) return `${what}: you were signed out. Sign in again.`;
  return `${what}: the homeserver did not take it. Check your network, then try again.`;
}
