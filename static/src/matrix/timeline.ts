/** The open room's newest messages, kept up to date in `store.timeline`. */
import { effect } from "@preact/signals";
import {
  Direction,
  EventType,
  KnownMembership,
  type MatrixClient,
  type MatrixEvent,
  MatrixEventEvent,
  type Room,
  RoomEvent,
} from "matrix-js-sdk/lib/matrix";
import { selectedRoom, timeline } from "../state/store";
import { callItem } from "./callitems";
import { callRecords } from "./callrecords";
import { running } from "./current";
import { itemOf } from "./items";
import { settled } from "./settled";

const SETTLE_MS = 30;
const PAGE = 50;

export function watchTimeline(client: MatrixClient): () => void {
  const soon = settled(() => show(client), SETTLE_MS);
  const onTimeline = (_event: MatrixEvent, room: Room | undefined) => {
    if (room?.roomId === selectedRoom.value) soon();
  };
  const onDecrypted = (event: MatrixEvent) => {
    if (event.getRoomId() === selectedRoom.value) soon();
  };
  client.on(RoomEvent.Timeline, onTimeline);
  client.on(RoomEvent.TimelineReset, soon);
  client.on(RoomEvent.MyMembership, soon);
  client.on(MatrixEventEvent.Decrypted, onDecrypted);
  const stopEffect = effect(() => {
    if (selectedRoom.value !== timeline.peek()?.roomId) show(client);
  });
  return () => {
    soon.cancel();
    stopEffect();
    client.off(RoomEvent.Timeline, onTimeline);
    client.off(RoomEvent.TimelineReset, soon);
    client.off(RoomEvent.MyMembership, soon);
    client.off(MatrixEventEvent.Decrypted, onDecrypted);
  };
}

function show(client: MatrixClient) {
  const id = selectedRoom.value;
  const room = id ? client.getRoom(id) : null;
  if (!room || room.getMyMembership() !== KnownMembership.Join) {
    timeline.value = null;
    return;
  }
  const live = room.getLiveTimeline();
  const events = live.getEvents();
  const myId = client.getSafeUserId();
  const messages = events.flatMap((event) => itemOf(event, myId) ?? []);
  const calls = callRecords(events, room.roomId, myId).map(callItem);
  timeline.value = {
    roomId: room.roomId,
    items: [...messages, ...calls].sort((a, b) => a.at - b.at),
    more: !isStart(events[0]) && live.getPaginationToken(Direction.Backward) !== null,
  };
  markRead(client, events.at(-1));
}

function isStart(event: MatrixEvent | undefined): boolean {
  return event?.getType() === EventType.RoomCreate;
}

/** Only what a person can see counts as read. */
function markRead(client: MatrixClient, newest: MatrixEvent | undefined) {
  if (!newest?.getId()?.startsWith("$") || document.visibilityState !== "visible") return;
  void client.sendReadReceipt(newest).catch(() => {});
}

/** Fetches one page of older messages. Errors are the caller's. */
export async function showEarlier(roomId: string) {
  const client = running();
  const room = client.getRoom(roomId);
  if (room) await client.scrollback(room, PAGE);
}
