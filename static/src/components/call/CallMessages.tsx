/** The messages of the room that a call is in, beside it; on a phone above it. */
import { useEffect } from "preact/hooks";
import { messagesOpen } from "../../state/layout";
import { rooms, selectedRoom } from "../../state/store";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";
import { useArrival } from "../parts/useArrival";
import { TimelineView } from "../room/TimelineView";

export function CallMessages({ roomId }: { roomId: string }) {
  const panel = useArrival<HTMLElement>();
  useEffect(() => {
    // The timeline is that of the open room.
    selectedRoom.value = roomId;
  }, [roomId]);
  const several = rooms.value.find((each) => each.id === roomId)?.kind === "room";
  return (
    <aside
      class="call-messages"
      ref={panel}
      tabIndex={-1}
      aria-label={t("room:messages")}
      data-testid="call-messages"
    >
      <header class="sheet-head">
        <h2>{t("room:messages")}</h2>
        <button
          type="button"
          class="round plain"
          aria-label={t("close")}
          onClick={() => {
            messagesOpen.value = false;
          }}
          data-testid="close-messages"
        >
          <Icon name="close" />
        </button>
      </header>
      <TimelineView roomId={roomId} names={several} />
    </aside>
  );
}
