/** The m.call.* events of a room → one line for each call: "Missed call", "Voice call, 1:23". */
import { EventType, type MatrixEvent } from "matrix-js-sdk/lib/matrix";
import type { TimelineItem } from "../state/types";
import { t } from "../text/i18n";
import { clock } from "../text/time";
import { callKind } from "./items";

interface Told {
  invite: MatrixEvent;
  answeredAt: number | null;
  /** The hangup or reject. */
  end: MatrixEvent | null;
}

export function callItems(events: MatrixEvent[], myId: string): TimelineItem[] {
  return [...collect(events).values()].map((told) => item(told, myId));
}

function collect(events: MatrixEvent[]): Map<string, Told> {
  const calls = new Map<string, Told>();
  for (const event of events) {
    const id = String(event.getContent().call_id ?? "");
    const type = event.getType();
    if (type === EventType.CallInvite && !calls.has(id)) {
      calls.set(id, { invite: event, answeredAt: null, end: null });
    }
    const call = calls.get(id);
    if (!call) continue;
    if (type === EventType.CallAnswer) call.answeredAt ??= event.getTs();
    if (type === EventType.CallHangup || type === EventType.CallReject) call.end ??= event;
  }
  return calls;
}

function item({ invite, answeredAt, end }: Told, myId: string): TimelineItem {
  const mine = invite.getSender() === myId;
  const kind = callKind(invite);
  const { body, failed } = outcome(kind, mine, answeredAt, end, myId);
  return {
    kind: "call",
    id: invite.getId() ?? "",
    at: invite.getTs(),
    mine,
    sender: invite.getSender() ?? "",
    senderName: invite.sender?.name ?? invite.getSender() ?? "",
    body,
    failed,
  };
}

function outcome(
  kind: "voice" | "video",
  mine: boolean,
  answeredAt: number | null,
  end: MatrixEvent | null,
  myId: string,
): { body: string; failed: boolean } {
  const what = t(`room:${kind}Call`);
  if (answeredAt !== null && end) {
    const time = clock((end.getTs() - answeredAt) / 1000);
    return { body: t("room:lineLasted", { what, time }), failed: false };
  }
  if (answeredAt !== null || !end) return { body: what, failed: false };
  if (end.getType() === EventType.CallReject) {
    const byUs = end.getSender() === myId;
    return { body: t(byUs ? "room:lineYouDeclined" : "room:lineDeclined", { what }), failed: true };
  }
  if (mine) return { body: t("room:lineNoAnswer", { what }), failed: true };
  return { body: t(kind === "video" ? "room:missedVideo" : "room:missedVoice"), failed: true };
}
