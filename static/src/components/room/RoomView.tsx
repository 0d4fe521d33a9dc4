/** An open room: who it is with, the buttons to call, its newest messages. */
import { useState } from "preact/hooks";
import { placeCall } from "../../matrix/calls";
import { selectedRoom } from "../../state/store";
import type { RoomSummary } from "../../state/types";
import { t } from "../../text/i18n";
import { DevicesButton } from "../devices/DevicesButton";
import { InviteRow } from "../list/InviteRow";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { RoomDetails } from "../people/RoomDetails";
import { RoomShield } from "../trust/RoomShield";
import { TimelineView } from "./TimelineView";

export function RoomView({ room }: { room: RoomSummary }) {
  const [details, setDetails] = useState(false);
  if (room.inviter !== null) {
    return (
      <div class="welcome">
        <InviteRow room={room} />
      </div>
    );
  }
  const obstacle = whyNoCall(room);
  return (
    <article class="room" aria-label={room.name}>
      <header class="room-head">
        <button
          type="button"
          class="round plain only-narrow"
          aria-label={t("back")}
          onClick={() => {
            selectedRoom.value = null;
          }}
          data-testid="back"
        >
          <Icon name="back" />
        </button>
        <Avatar name={room.name} mxc={room.avatar} />
        <div class="row-words">
          <h1 class="row-name" data-testid="room-name">
            {room.name}
          </h1>
          <RoomShield roomId={room.id}>
            <span class="row-preview">
              {room.encrypted && <Icon name="lock" />}
              {t(room.encrypted ? "room:encrypted" : "room:notEncrypted")}
              {room.kind === "room" && ` · ${t("list:count", { count: room.others + 1 })}`}
            </span>
          </RoomShield>
        </div>
        <div class="room-actions">
          <DevicesButton />
          {room.kind === "room" && (
            <button
              type="button"
              class="round plain"
              aria-label={t("people:details")}
              title={t("people:details")}
              onClick={() => setDetails(true)}
              data-testid="room-people"
            >
              <Icon name="people" />
            </button>
          )}
          <CallButton room={room} video={false} obstacle={obstacle} />
          <CallButton room={room} video={true} obstacle={obstacle} />
        </div>
      </header>
      {obstacle && (
        <p class="hint soft" data-testid="call-obstacle">
          {obstacle}
        </p>
      )}
      <TimelineView roomId={room.id} names={room.kind === "room"} />
      {details && <RoomDetails room={room} onClose={() => setDetails(false)} />}
    </article>
  );
}

function CallButton(props: { room: RoomSummary; video: boolean; obstacle: string | null }) {
  const { room, video, obstacle } = props;
  // A call in a room with several people rings for all; the first answer takes it.
  const said = (what: string) => (room.others > 1 ? t("room:ringsEveryone", { what }) : what);
  return (
    <button
      type="button"
      class="round tinted"
      aria-label={said(t(video ? "room:videoCallWith" : "room:voiceCallWith", { name: room.name }))}
      title={obstacle ?? said(t(video ? "room:videoCall" : "room:voiceCall"))}
      disabled={obstacle !== null}
      onClick={() => void placeCall(room.id, video)}
      data-testid={video ? "call-video" : "call-voice"}
    >
      <Icon name={video ? "video" : "phone"} />
    </button>
  );
}

function whyNoCall(room: RoomSummary): string | null {
  if (room.peerPending) return t("room:pending", { name: room.name });
  if (room.others === 0) return t("room:alone");
  // Client-server API, m.call.invite: rooms that anyone may join should not ring.
  if (room.open) return t("room:open");
  return null;
}
