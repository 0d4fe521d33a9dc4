/** Rooms of the SDK → the plain list that the page shows. */
import {
  ClientEvent,
  EventType,
  JoinRule,
  KnownMembership,
  type MatrixClient,
  MatrixEventEvent,
  NotificationCountType,
  type Room,
  RoomEvent,
  RoomStateEvent,
} from "matrix-js-sdk/lib/matrix";
import { rooms } from "../state/store";
import type { RoomSummary } from "../state/types";
import { tidyName } from "../text/names";
import { previewOf } from "./items";
import { settled } from "./settled";

const SETTLE_MS = 60;

export function watchRooms(client: MatrixClient): () => void {
  const refresh = settled(() => {
    rooms.value = summaries(client);
  }, SETTLE_MS);
  const events = [
    ClientEvent.Room,
    ClientEvent.DeleteRoom,
    ClientEvent.AccountData,
    ClientEvent.Sync,
    RoomEvent.Name,
    RoomEvent.MyMembership,
    RoomEvent.Timeline,
    RoomEvent.Receipt,
    RoomStateEvent.Members,
    MatrixEventEvent.Decrypted,
  ] as const;
  for (const event of events) client.on(event, refresh);
  return () => {
    refresh.cancel();
    for (const event of events) client.off(event, refresh);
  };
}

function summaries(client: MatrixClient): RoomSummary[] {
  const people = directPeople(client);
  return client
    .getRooms()
    .filter((room) => !room.isSpaceRoom() && isShown(room))
    .map((room) => summary(client, room, people.get(room.roomId) ?? room.getDMInviter() ?? null))
    .sort((a, b) => b.at - a.at);
}

function isShown(room: Room): boolean {
  const membership = room.getMyMembership();
  return membership === KnownMembership.Join || membership === KnownMembership.Invite;
}

/** `m.direct` turned round: room id → the person. */
export function directPeople(client: MatrixClient): Map<string, string> {
  const content: Record<string, unknown> =
    client.getAccountData(EventType.Direct)?.getContent() ?? {};
  const found = new Map<string, string>();
  for (const [userId, ids] of Object.entries(content)) {
    if (Array.isArray(ids)) for (const id of ids) found.set(String(id), userId);
  }
  return found;
}

function summary(client: MatrixClient, room: Room, peerId: string | null): RoomSummary {
  const newest = room
    .getLiveTimeline()
    .getEvents()
    .findLast((event) => previewOf(event) !== "");
  const invited = room.getMyMembership() === KnownMembership.Invite;
  const us = room.getMember(client.getSafeUserId());
  const peer = peerId ? room.getMember(peerId) : null;
  return {
    id: room.roomId,
    name: tidyName(peerId ? (peer?.rawDisplayName ?? room.name) : room.name) || room.roomId,
    kind: peerId ? "person" : "room",
    peerId,
    peerPending: peer?.membership === KnownMembership.Invite,
    avatar: (peerId ? peer?.getMxcAvatarUrl() : room.getMxcAvatarUrl()) ?? null,
    preview: newest ? previewOf(newest) : "",
    at: newest?.getTs() ?? us?.events.member?.getTs() ?? 0,
    unread: room.getUnreadNotificationCount(NotificationCountType.Total),
    encrypted: room.hasEncryptionStateEvent(),
    open: room.getJoinRule() === JoinRule.Public,
    others: Math.max(0, room.getJoinedMemberCount() - 1),
    inviter: invited ? (us?.events.member?.getSender() ?? "") : null,
  };
}
