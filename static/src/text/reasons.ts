/** Why a call ended, as a sentence that says what happened and what to do. */
import { t } from "./i18n";
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
  ice_failed: ({ lasted }) => t(lasted === null ? "ends:never" : "ends:lost"),
  ice_timeout: () => t("ends:slow"),
  invite_timeout: ({ peer, outgoing }) => t(outgoing ? "ends:noAnswer" : "ends:missed", { peer }),
  user_media_failed: ({ peer }) => t("ends:theirMedia", { peer }),
  user_busy: ({ peer }) => t("ends:busy", { peer }),
  answered_elsewhere: () => t("ends:elsewhere"),
  replaced: () => t("ends:replaced"),
  transferred: ({ peer, remote }) =>
    t(remote ? "ends:transferred" : "lines:youTransferred", { peer }),
  new_session: ({ peer }) => t("ends:newSession", { peer }),
  no_user_media: ({ error }) => mediaProblem(error),
  signalling_timeout: () => t("ends:signalling"),
  send_invite: ({ error }) => sendProblem(t("ends:notPlaced"), error),
  send_answer: ({ error }) => sendProblem(t("ends:notAnswered"), error),
  unknown_devices: () => t("ends:unknownDevices"),
  set_remote_description: ({ peer }) => t("ends:strangeMedia", { peer }),
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
  if (BROWSER_FAULTS.has(reason)) return { text: t("ends:browser"), failed: true };
  const started = lasted !== null;
  const text =
    remote || !outgoing
      ? t(started ? "ends:theirsEnded" : "ends:theirsNotStarted", { peer })
      : t(started ? "ends:oursEnded" : "ends:oursNotStarted");
  return { text, failed: true };
}

const QUIET = new Set([
  "answered_elsewhere",
  "replaced",
  "transferred",
  "user_busy",
  "invite_timeout",
]);

function hangupText({ lasted, remote, outgoing, peer }: Ending): string {
  if (lasted !== null) return t("ends:after", { time: clock(lasted) });
  if (outgoing) return remote ? t("ends:theyDeclined", { peer }) : t("ends:cancelled");
  return remote ? t("ends:missed", { peer }) : t("ends:youDeclined");
}

/** `error` carries the name of a DOMException of getUserMedia. */
export function mediaProblem(error: string): string {
  if (/NotAllowed|SecurityError|Permission/.test(error)) return t("ends:notAllowed");
  if (/NotReadable|TrackStart|AbortError/.test(error)) return t("ends:inUse");
  if (/insecure/.test(error)) return t("ends:insecure");
  if (/no-camera/.test(error)) return t("ends:noCamera");
  return t("ends:noMicrophone");
}

function sendProblem(what: string, error: string): string {
  if (/M_FORBIDDEN|\[403\]/.test(error)) return t("ends:forbidden", { what });
  if (/M_LIMIT_EXCEEDED|\[429\]/.test(error)) return t("ends:limited", { what });
  if (/M_UNKNOWN_TOKEN|\[401\]/.test(error)) return t("ends:signedOut", { what });
  return t("ends:notTaken", { what });
}
