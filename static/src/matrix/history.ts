/** The calls of all rooms → `state/history.ts`, from what is loaded; older ones when asked for. */
import {
  ClientEvent,
  Direction,
  KnownMembership,
  type MatrixClient,
  MatrixEventEvent,
  type Room,
  RoomEvent,
} from "matrix-js-sdk/lib/matrix";
import { history, historyMore, MOST_SHOWN } from "../state/history";
import { callRecords } from "./callrecords";
import { running } from "./current";
import { settled } from "./settled";

const PAGE = 50;
/** Rooms that are asked for older calls in one go, the liveliest first. */
const ROOMS_AT_ONCE = 10;

export function watchHistory(client: MatrixClient): () => void {
  const soon = settled(() => show(client));
  const events = [
    ClientEvent.Room,
    RoomEvent.Timeline,
    RoomEvent.MyMembership,
    MatrixEventEvent.Decrypted,
  ] as const;
  for (const event of events) client.on(event, soon);
  return () => {
    soon.cancel();
    for (const event of events) client.off(event, soon);
    history.value = [];
  };
}

function joined(client: MatrixClient): Room[] {
  return client.getRooms().filter((room) => room.getMyMembership() === KnownMembership.Join);
}

function show(client: MatrixClient) {
  const myId = client.getSafeUserId();
  history.value = joined(client)
    .flatMap((room) => callRecords(room.getLiveTimeline().getEvents(), room.roomId, myId))
    .sort((a, b) => b.at - a.at)
    .slice(0, MOST_SHOWN);
  historyMore.value = history.value.length < MOST_SHOWN && joined(client).some(hasMore);
}

function hasMore(room: Room): boolean {
  return room.getLiveTimeline().getPaginationToken(Direction.Backward) !== null;
}

/** One page of older messages of the rooms that were used last. Errors are the caller's. */
export async function showEarlierCalls(): Promise<void> {
  const client = running();
  const rooms = joined(client)
    .filter(hasMore)
    .sort((a, b) => b.getLastActiveTimestamp() - a.getLastActiveTimestamp())
    .slice(0, ROOMS_AT_ONCE);
  await Promise.all(rooms.map((room) => client.scrollback(room, PAGE)));
  show(client);
}
