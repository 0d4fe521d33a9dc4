/** The m.call.* events of a room → what became of each call. */
import { EventType, type MatrixEvent } from "matrix-js-sdk/lib/matrix";
import type { CallOutcome, CallRecord } from "../state/history";
import { tidyName } from "../text/names";
import { callKind } from "./items";

interface Told {
  invite: MatrixEvent;
  answer: MatrixEvent | null;
  /** The hangup or reject. */
  end: MatrixEvent | null;
}

/** No client rings longer; a call without an end has lost its hangup then. */
const RINGS_AT_MOST_MS = 5 * 60_000;

/** Of the calls that were meant for us; the oldest first. `now`: milliseconds since 1970. */
export function callRecords(
  events: MatrixEvent[],
  roomId: string,
  myId: string,
  now: number = Date.now(),
): CallRecord[] {
  return [...collect(events).values()]
    .filter(({ invite }) => concerns(invite, myId))
    .map((told) => record(told, roomId, myId, now));
}

function collect(events: MatrixEvent[]): Map<string, Told> {
  const calls = new Map<string, Told>();
  for (const event of events) {
    const id = String(event.getContent().call_id ?? "");
    const type = event.getType();
    if (type === EventType.CallInvite && !calls.has(id)) {
      calls.set(id, { invite: event, answer: null, end: null });
    }
    const call = calls.get(id);
    if (!call) continue;
    if (type === EventType.CallAnswer) call.answer ??= event;
    if (type === EventType.CallHangup || type === EventType.CallReject) call.end ??= event;
  }
  return calls;
}

/** Client-server API, m.call.invite: with an `invitee` it is for that user alone. */
function concerns(invite: MatrixEvent, myId: string): boolean {
  const { invitee } = invite.getContent();
  return invite.getSender() === myId || typeof invitee !== "string" || invitee === myId;
}

function record(told: Told, roomId: string, myId: string, now: number): CallRecord {
  const { invite, answer, end } = told;
  const mine = invite.getSender() === myId;
  const rings = !answer && !end && now - invite.getTs() < RINGS_AT_MOST_MS;
  return {
    id: invite.getId() ?? "",
    roomId,
    at: invite.getTs(),
    mine,
    sender: invite.getSender() ?? "",
    senderName: tidyName(invite.sender?.rawDisplayName ?? "") || (invite.getSender() ?? ""),
    video: callKind(invite) === "video",
    outcome: rings ? "open" : outcome(mine, told, myId),
    lasted: answer && end ? Math.max(0, (end.getTs() - answer.getTs()) / 1000) : null,
  };
}

function outcome(mine: boolean, { answer, end }: Told, myId: string): CallOutcome {
  if (answer) return mine || answer.getSender() === myId ? "talked" : "elsewhere";
  if (end?.getType() === EventType.CallReject) {
    return end.getSender() === myId ? "declinedHere" : "declined";
  }
  return mine ? "unanswered" : "missed";
}
