/** How far the people of the open room are trusted, and what changes during a call. */
import { effect } from "@preact/signals";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/CryptoEvent";
import { type MatrixClient, type Room, RoomStateEvent } from "matrix-js-sdk/lib/matrix";
import { call, selectedRoom } from "../state/store";
import {
  alerts,
  type Person,
  type PersonTrust,
  type RoomTrust,
  roomTrust,
  type TrustAlert,
} from "../state/trust";
import { cryptoOf, running } from "./current";
import { settled } from "./settled";

/** In larger rooms nobody reads shields, and each member is a question to the homeserver. */
const MOST_PEOPLE = 20;
const MOST_ALERTS = 5;
const ORDER: PersonTrust[] = ["changed", "unsigned", "unverified", "verified"];

export function watchPeople(client: MatrixClient): () => void {
  /** The people as they were when the call began. */
  let before: { call: string; trust: RoomTrust } | null = null;
  let wanted = "";

  const look = async () => {
    const roomId = call.peek()?.roomId ?? selectedRoom.peek();
    const room = roomId ? client.getRoom(roomId) : null;
    wanted = room?.hasEncryptionStateEvent() ? room.roomId : "";
    if (!room || !wanted) {
      roomTrust.value = null;
      return;
    }
    const found = await trustIn(client, room).catch(() => null);
    if (!found || wanted !== room.roomId) return; // Another room was opened meanwhile.
    roomTrust.value = found;
    const running = call.peek()?.id;
    if (!running) return;
    if (before?.call !== running) before = { call: running, trust: found };
    const news = changes(before.trust, found);
    if (news.length > 0) alerts.value = [...alerts.value, ...news].slice(-MOST_ALERTS);
    before = { call: running, trust: found };
  };
  const soon = settled(() => void look());
  const events = [CryptoEvent.UserTrustStatusChanged, CryptoEvent.DevicesUpdated] as const;
  for (const event of events) client.on(event, soon);
  client.on(RoomStateEvent.Members, soon);
  let callId: string | undefined;
  const stop = effect(() => {
    const roomId = call.value?.roomId ?? selectedRoom.value;
    if (roomTrust.peek()?.roomId !== roomId) roomTrust.value = null;
    if (callId !== call.value?.id) alerts.value = [];
    callId = call.value?.id;
    soon();
  });
  return () => {
    stop();
    soon.cancel();
    for (const event of events) client.off(event, soon);
    client.off(RoomStateEvent.Members, soon);
  };
}

async function trustIn(client: MatrixClient, room: Room): Promise<RoomTrust> {
  await room.loadMembersIfNeeded();
  const members = room.getJoinedMembers().filter((each) => each.userId !== client.getUserId());
  const people = await Promise.all(
    members.slice(0, MOST_PEOPLE).map((each) => person(client, each.userId, each.name)),
  );
  const least = ORDER.find((trust) => people.some((each) => each.trust === trust)) ?? null;
  return { roomId: room.roomId, people, least };
}

async function person(client: MatrixClient, userId: string, name: string): Promise<Person> {
  const crypto = cryptoOf(client);
  const status = await crypto.getUserVerificationStatus(userId);
  const found = (await crypto.getUserDeviceInfo([userId], true)).get(userId);
  const devices = await Promise.all(
    [...(found?.values() ?? [])].map(async (device) => ({
      id: device.deviceId,
      name: (device.displayName ?? "").slice(0, 80),
      signed:
        (await crypto.getDeviceVerificationStatus(userId, device.deviceId))?.signedByOwner ?? false,
    })),
  );
  let trust: PersonTrust = "unverified";
  if (status.needsUserApproval) trust = "changed";
  else if (status.isCrossSigningVerified()) trust = "verified";
  else if (!(await crypto.userHasCrossSigningKeys(userId))) trust = "unsigned";
  return { userId, name, trust, devices };
}

/** What somebody in a call should hear: a device that its owner has not confirmed, a new identity. */
export function changes(before: RoomTrust, now: RoomTrust): TrustAlert[] {
  return now.people.flatMap((person): TrustAlert[] => {
    const { userId, name } = person;
    const was = before.people.find((each) => each.userId === userId);
    if (!was) return []; // Joining is seen anyway.
    const known = new Set(was.devices.map((each) => each.id));
    const fresh = person.devices.filter((each) => !known.has(each.id) && !each.signed);
    return [
      ...(person.trust === "changed" && was.trust !== "changed"
        ? [{ kind: "identity" as const, userId, name, device: "" }]
        : []),
      ...fresh.map((each) => ({
        kind: "device" as const,
        userId,
        name,
        device: each.name || each.id,
      })),
    ];
  });
}

/** The person has seen that the other's identity changed, and goes on. */
export async function acceptChange(userId: string) {
  const crypto = cryptoOf(running());
  const status = await crypto.getUserVerificationStatus(userId);
  if (status.wasCrossSigningVerified()) await crypto.withdrawVerificationRequirement(userId);
  await crypto.pinCurrentUserIdentity(userId);
}
