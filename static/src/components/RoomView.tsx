/** An open room: who it is with, the buttons to call, its newest messages. */
import { placeCall } from "../matrix/calls";
import { selectedRoom } from "../state/store";
import type { RoomSummary } from "../state/types";
import { Avatar } from "./Avatar";
import { Icon } from "./Icon";
import { InviteRow } from "./InviteRow";
import { TimelineView } from "./TimelineView";

export function RoomView({ room }: { room: RoomSummary }) {
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
          aria-label="Back to the list"
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
          <span class="row-preview">
            {room.encrypted && <Icon name="lock" />}
            {room.encrypted ? "Encrypted" : "Not encrypted"}
            {room.kind === "room" && ` · ${room.others + 1} people`}
          </span>
        </div>
        <CallButton room={room} video={false} obstacle={obstacle} />
        <CallButton room={room} video={true} obstacle={obstacle} />
      </header>
      {obstacle && (
        <p class="hint soft" data-testid="call-obstacle">
          {obstacle}
        </p>
      )}
      <TimelineView roomId={room.id} names={room.kind === "room"} />
    </article>
  );
}

function CallButton(props: { room: RoomSummary; video: boolean; obstacle: string | null }) {
  const { room, video, obstacle } = props;
  const what = video ? "Video call" : "Voice call";
  // A call in a room with several people rings for all; the first answer takes it.
  const whom = room.others > 1 ? " (rings everyone here)" : "";
  return (
    <button
      type="button"
      class="round tinted"
      aria-label={`${what} with ${room.name}${whom}`}
      title={obstacle ?? what + whom}
      disabled={obstacle !== null}
      onClick={() => void placeCall(room.id, video)}
      data-testid={video ? "call-video" : "call-voice"}
    >
      <Icon name={video ? "video" : "phone"} />
    </button>
  );
}

function whyNoCall(room: RoomSummary): string | null {
  if (room.peerPending) return `You can call once ${room.name} has accepted your invitation.`;
  if (room.others === 0) return "Nobody else is in this room, so there is nobody to call.";
  // Client-server API, m.call.invite: rooms that anyone may join should not ring.
  if (room.open) return "Anyone may join this room, so calls do not ring here.";
  return null;
}
