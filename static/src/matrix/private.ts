/**
 * What matrix-js-sdk keeps to itself and this page needs. Touched in this file alone;
 * `private.test.ts` names what moved when the SDK changes.
 */
import type { MatrixEvent } from "matrix-js-sdk/lib/matrix";
import type { MatrixCall } from "matrix-js-sdk/lib/webrtc/call";

interface Insides {
  partyIdMatches(content: { version?: unknown; party_id?: unknown }): boolean;
}

/** Whether the event comes from the other party of the call: its user, its room, its device. */
export function isFromParty(call: MatrixCall, event: MatrixEvent): boolean {
  return (
    event.getSender() === call.getOpponentMember()?.userId &&
    event.getRoomId() === call.roomId &&
    (call as unknown as Insides).partyIdMatches(event.getContent())
  );
}
