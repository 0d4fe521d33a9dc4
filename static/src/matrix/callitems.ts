/** What became of a call → its line in the room: "Missed voice call", "Voice call, 1:23". */
import type { CallRecord } from "../state/history";
import type { TimelineItem } from "../state/types";
import { t } from "../text/i18n";
import { clock } from "../text/time";

export function callItem(call: CallRecord): TimelineItem {
  return {
    kind: "call",
    id: call.id,
    at: call.at,
    mine: call.mine,
    sender: call.sender,
    senderName: call.senderName,
    body: callWords(call),
    failed: !["talked", "elsewhere", "open"].includes(call.outcome),
  };
}

export function callWords({ video, outcome, lasted }: CallRecord): string {
  const what = t(video ? "room:videoCall" : "room:voiceCall");
  switch (outcome) {
    case "declinedHere":
      return t("room:lineYouDeclined", { what });
    case "declined":
      return t("room:lineDeclined", { what });
    case "unanswered":
      return t("room:lineNoAnswer", { what });
    case "missed":
      return t(video ? "room:missedVideo" : "room:missedVoice");
    default:
      return lasted === null ? what : t("room:lineLasted", { what, time: clock(lasted) });
  }
}
