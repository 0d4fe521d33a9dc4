import { callWords } from "../../matrix/callitems";
import { placeCall } from "../../matrix/calls";
import { type CallRecord, isNew } from "../../state/history";
import { rooms, selectedRoom, call as stage } from "../../state/store";
import { t } from "../../text/i18n";
import { moment } from "../../text/time";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";

/** One call of the history. */
export function HistoryRow({ call }: { call: CallRecord }) {
  const room = rooms.value.find((each) => each.id === call.roomId);
  const name = room?.name ?? call.senderName;
  const failed = call.outcome === "missed";
  return (
    <li
      class={isNew(call) ? "past past-new" : "past"}
      data-testid="past"
      data-outcome={call.outcome}
    >
      <button
        type="button"
        class="row past-open"
        aria-label={t("history:open", { name })}
        onClick={() => {
          selectedRoom.value = call.roomId;
        }}
      >
        <Avatar name={name} mxc={room?.avatar ?? null} />
        <span class="row-words">
          <span class="past-head">
            <span class="row-name">{name}</span>
            <span class="row-time">{moment(call.at)}</span>
          </span>
          <span class={failed ? "row-preview past-failed" : "row-preview"}>
            <Icon name={call.mine ? "outgoing" : "incoming"} />
            <span class="unseen">{t(call.mine ? "history:outgoing" : "history:incoming")} </span>
            {callWords(call)}
            {isNew(call) && <span class="unseen"> {t("history:new")}</span>}
          </span>
        </span>
      </button>
      <button
        type="button"
        class="round tinted"
        aria-label={t(call.video ? "history:videoBack" : "history:callBack", { name })}
        disabled={stage.value !== null || !room || room.others === 0 || room.open}
        onClick={() => void placeCall(call.roomId, call.video)}
        data-testid="call-back"
      >
        <Icon name={call.video ? "video" : "phone"} />
      </button>
    </li>
  );
}
