/**
 * What matrix-js-sdk keeps to itself and this page needs. Touched in this file alone;
 * `private.test.ts` names what moved when the SDK changes.
 */
import type { MatrixEvent } from "matrix-js-sdk/lib/matrix";
import { CallDirection, type CallErrorCode, type MatrixCall } from "matrix-js-sdk/lib/webrtc/call";

interface Insides {
  inviteOrAnswerSent: boolean;
  sendVoipEvent(type: "m.call.reject", content: object): Promise<void>;
  partyIdMatches(content: { version?: unknown; party_id?: unknown }): boolean;
  /** Counted up twice for each attempt; above 5 the SDK ends the call. */
  candidateSendTries: number;
  candidateSendQueue: RTCIceCandidate[];
  sendCandidateQueue(): Promise<void>;
}

/** What MSC2746 has a caller wait before it sends candidates. */
const CANDIDATES_WAIT_MS = 2000;

/** With this count the SDK tries again after 4 s. */
const PATIENT_TRIES = 3;

/** Whether the event comes from the other party of the call: its user, its room, its device. */
export function isFromParty(call: MatrixCall, event: MatrixEvent): boolean {
  return (
    event.getSender() === call.getOpponentMember()?.userId &&
    event.getRoomId() === call.roomId &&
    (call as unknown as Insides).partyIdMatches(event.getContent())
  );
}

/**
 * While the homeserver is away: the SDK would end a call whose candidates could not be sent for
 * 21 s, though its media may flow. To be called every few seconds.
 */
export function keepSignalling(call: MatrixCall) {
  const insides = call as unknown as Insides;
  insides.candidateSendTries = Math.min(insides.candidateSendTries, PATIENT_TRIES);
}

/**
 * Candidates over TCP alone can wait: a browser's only open connections (RFC 6544 §4.1), so a peer
 * that listens learns of them by being connected to. The SDK would send them right behind the
 * invite, and the homeserver would carry them before the answer.
 */
export function sendTcpLater(call: MatrixCall) {
  const insides = call as unknown as Insides;
  const send = insides.sendCandidateQueue.bind(call);
  insides.sendCandidateQueue = async () => {
    const onlyTcp = insides.candidateSendQueue.every((each) => each.protocol === "tcp");
    if (onlyTcp) setTimeout(send, CANDIDATES_WAIT_MS);
    else await send();
  };
}

/**
 * Ends a call as the other side will understand it. Of a call that is answered here a caller hears
 * a hangup from whoever's answer it has (MSC2746), and ours is sent a fifth of a second later: until
 * then it takes a reject. The answer may be on its way, so the hangup follows.
 */
export function endCall(call: MatrixCall, why: CallErrorCode) {
  const insides = call as unknown as Insides;
  const unanswered = call.direction === CallDirection.Inbound && !insides.inviteOrAnswerSent;
  if (unanswered && !call.callHasEnded()) {
    insides.sendVoipEvent("m.call.reject", {}).catch(() => {});
  }
  call.hangup(why, false);
}
