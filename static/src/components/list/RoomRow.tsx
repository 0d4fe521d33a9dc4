import { selectedRoom } from "../../state/store";
import type { RoomSummary } from "../../state/types";
import { t } from "../../text/i18n";
import { moment } from "../../text/time";
import { Avatar } from "../parts/Avatar";
import { PresenceDot } from "../people/PresenceDot";

/** A person or room in the list. */
export function RoomRow({ room }: { room: RoomSummary }) {
  const chosen = selectedRoom.value === room.id;
  return (
    <button
      type="button"
      class="row"
      aria-current={chosen ? "true" : undefined}
      onClick={() => {
        selectedRoom.value = room.id;
      }}
      data-testid="room"
      data-room={room.id}
      data-peer={room.peerId ?? ""}
    >
      <span class="avatar-place">
        <Avatar name={room.name} mxc={room.avatar} />
        <PresenceDot userId={room.peerId} />
      </span>
      <span class="row-words">
        <span class="row-name">{room.name}</span>
        <span class="row-preview">
          {room.preview || (room.peerId ?? t("list:count", { count: room.others + 1 }))}
        </span>
      </span>
      <span class="row-side">
        <span class="row-time">{moment(room.at)}</span>
        {room.unread > 0 && (
          <span class="badge">
            {room.unread > 99 ? "99+" : room.unread}
            <span class="unseen"> {t("list:unread")}</span>
          </span>
        )}
      </span>
    </button>
  );
}
