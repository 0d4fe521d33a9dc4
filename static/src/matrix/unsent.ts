/**
 * Ends of calls that could not be sent, because the homeserver was away: sent once it is back.
 *
 * The SDK tries each call event once. A hangup that is lost leaves the other side ringing or
 * waiting; an offer that is lost leaves a network path unrepaired.
 */
import {
  ClientEvent,
  EventStatus,
  EventType,
  type MatrixClient,
  type MatrixEvent,
  type Room,
  RoomEvent,
  SyncState,
} from "matrix-js-sdk/lib/matrix";

/** Nobody rings longer than the longest lifetime that clients give their invites. */
const WORTH_SENDING_MS = 5 * 60_000;
const MOST = 20;

const RESENT: ReadonlySet<string> = new Set([
  EventType.CallHangup,
  EventType.CallReject,
  EventType.CallNegotiate,
]);

export function watchUnsent(client: MatrixClient): () => void {
  let unsent: { event: MatrixEvent; room: Room }[] = [];
  const onEcho = (event: MatrixEvent, room: Room) => {
    if (event.status !== EventStatus.NOT_SENT || !RESENT.has(event.getType())) return;
    unsent = [...unsent.filter((each) => each.event !== event), { event, room }].slice(-MOST);
  };
  const onSync = (state: SyncState) => {
    if (state !== SyncState.Syncing || unsent.length === 0) return;
    const waiting = unsent;
    unsent = [];
    const young = waiting.filter(({ event }) => Date.now() - event.getTs() < WORTH_SENDING_MS);
    // In order: an offer must not follow the hangup of its call.
    void young.reduce(
      (before, { event, room }) =>
        before.then(async () => void (await client.resendEvent(event, room).catch(() => {}))),
      Promise.resolve(),
    );
  };
  client.on(RoomEvent.LocalEchoUpdated, onEcho);
  client.on(ClientEvent.Sync, onSync);
  return () => {
    client.off(RoomEvent.LocalEchoUpdated, onEcho);
    client.off(ClientEvent.Sync, onSync);
  };
}
