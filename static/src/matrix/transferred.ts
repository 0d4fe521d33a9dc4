/**
 * We are handed over to somebody else (MSC2747, m.call.replaces).
 *
 * The SDK hands over and ignores being handed over, so the page does that part: the person is
 * asked; then we place the new call, or answer the one that is announced, and end the former call
 * once the new one is connected. One request at a time; it lapses after a minute.
 */
import {
  ClientEvent,
  EventType,
  KnownMembership,
  type MatrixClient,
  type MatrixEvent,
  type Room,
  RoomEvent,
  RoomStateEvent,
} from "matrix-js-sdk/lib/matrix";
import { CallErrorCode, CallState, type MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { transferAsked } from "../state/calls";
import * as store from "../state/store";
import { t } from "../text/i18n";
import { tidyName } from "../text/names";
import { placeCall, take } from "./calls";
import { running } from "./current";
import { identityOf } from "./identity";
import * as lines from "./lines";
import { directRoom } from "./people";
import { isFromParty } from "./private";
import { type Replaces, replacesOf } from "./replaces";
import { rejected } from "./transfers";

/** Who hands over hangs up after this time at the latest (voip/bot/transfers.py). */
const WITHIN_MS = 60_000;
const REJECT_REPLACEMENT = "m.call.reject_replacement";

interface Asked extends Replaces {
  former: lines.Tracked;
  targetName: string;
  agreed: boolean;
  /** The announced call, where it rang before the person agreed. */
  arrived: MatrixCall | null;
  lapses: ReturnType<typeof setTimeout>;
}

let asked: Asked | null = null;

export function watchTransfers(client: MatrixClient): () => void {
  const onMembership = (room: Room, membership: string) => {
    // MSC2747: who awaits the call may have to be in a room that is made for it.
    const inviter = room.getDMInviter();
    if (membership !== KnownMembership.Invite || !asked?.agreed || inviter !== asked.target) return;
    void client.joinRoom(room.roomId).catch(() => {});
  };
  client.on(ClientEvent.ReceivedVoipEvent, onEvent);
  client.on(RoomEvent.MyMembership, onMembership);
  return () => {
    client.off(ClientEvent.ReceivedVoipEvent, onEvent);
    client.off(RoomEvent.MyMembership, onMembership);
    forget();
  };
}

function onEvent(event: MatrixEvent) {
  const type = event.getType();
  const content = event.getContent();
  if (type === REJECT_REPLACEMENT) rejected(event);
  const found = lines.find(String(content.call_id));
  if (!found || !isFromParty(found.call, event) || !isPrivate(event)) return;
  if (type === EventType.CallReplaces) onReplaces(found, content);
  if (type === EventType.CallAssertedIdentity || type === EventType.CallAssertedIdentityPrefix) {
    found.identity = identityOf(content);
    lines.refresh();
  }
}

/** In an encrypted room only what was encrypted counts: a homeserver must not hand us over. */
function isPrivate(event: MatrixEvent): boolean {
  const room = running().getRoom(event.getRoomId());
  return event.isEncrypted() || !room?.hasEncryptionStateEvent();
}

function onReplaces(former: lines.Tracked, content: Record<string, unknown>) {
  const replaces = replacesOf(content);
  if (!replaces) return;
  if (asked) {
    reject(former, replaces, "declined");
    return;
  }
  const target = replaces.target ?? "";
  const targetName = tidyName(running().getUser(target)?.rawDisplayName ?? "") || target;
  asked = {
    ...replaces,
    former,
    targetName,
    agreed: false,
    arrived: null,
    lapses: setTimeout(() => fail(), WITHIN_MS),
  };
  transferAsked.value = { callId: former.call.callId, by: former.peer, target, targetName };
}

/** Whether this call that comes in is the one of a transfer, and needs no ringing. */
export function expects(call: MatrixCall): boolean {
  if (call.callId !== asked?.awaitCall || call.state !== CallState.Ringing) return false;
  if (call.getOpponentMember()?.userId !== asked.target) return false;
  asked.arrived = call;
  if (asked.agreed) void goOnWith(asked, call);
  return true;
}

export function declineTransfer() {
  if (!asked) return;
  reject(asked.former, asked, "declined");
  if (asked.arrived?.state === CallState.Ringing) asked.arrived.reject();
  forget();
}

export async function agreeToTransfer(): Promise<void> {
  if (!asked) return;
  const agreed = asked;
  agreed.agreed = true;
  transferAsked.value = null;
  if (agreed.arrived) await goOnWith(agreed, agreed.arrived);
  if (agreed.createCall === null) return;
  try {
    const roomId = await roomFor(agreed);
    if (asked !== agreed) return; // It lapsed meanwhile.
    const placing = {
      callId: agreed.createCall,
      invitee: agreed.target ?? "",
      name: agreed.targetName,
    };
    const next = await placeCall(roomId, withCamera(agreed.former), placing);
    if (next) settle(agreed, next);
    else fail();
  } catch (error) {
    if (asked === agreed) fail(error);
  }
}

async function goOnWith(agreed: Asked, call: MatrixCall) {
  const next = lines.track(call, agreed.targetName, withCamera(agreed.former));
  settle(agreed, next);
  await take(next, next.video);
}

/** The new call is under way: the former one ends when it is connected, or we go back to it. */
function settle(agreed: Asked, next: lines.Tracked) {
  forget();
  next.onConnected = () => {
    lines.drop(agreed.former);
    agreed.former.call.hangup(CallErrorCode.UserHangup, false);
    store.tell(t("lines:moved", { name: agreed.targetName }));
  };
}

function withCamera({ call, video }: lines.Tracked): boolean {
  return video && !call.isLocalVideoMuted();
}

/** The room to call in: the one that is named, else the direct one. Waits for who must be there. */
async function roomFor({ room, target }: Asked): Promise<string> {
  const client = running();
  if (room) {
    await client.joinRoom(room);
    return room;
  }
  const roomId = await directRoom(target ?? "");
  await untilJoined(client, roomId, target ?? "");
  return roomId;
}

async function untilJoined(client: MatrixClient, roomId: string, userId: string): Promise<void> {
  const isThere = () =>
    client.getRoom(roomId)?.getMember(userId)?.membership === KnownMembership.Join;
  await new Promise<void>((resolve, reject) => {
    const stop = (settle: () => void) => {
      clearTimeout(patience);
      client.off(RoomStateEvent.Members, look);
      settle();
    };
    const look = () => isThere() && stop(resolve);
    const patience = setTimeout(() => stop(() => reject(new Error(""))), WITHIN_MS);
    client.on(RoomStateEvent.Members, look);
    look();
  });
}

/** It did not come about; where the former call is still there, it goes on. */
function fail(error?: unknown) {
  if (!asked) return;
  const { agreed, targetName, former } = asked;
  reject(former, asked, "failed_call");
  forget();
  if (!agreed) return;
  const why = error instanceof Error ? error.message : "";
  store.tell(`${t("lines:notMoved", { name: targetName })} ${why}`.trim(), "problem");
}

function forget() {
  clearTimeout(asked?.lapses);
  asked = null;
  transferAsked.value = null;
}

function reject({ call }: lines.Tracked, { replacementId }: Replaces, reason: string) {
  const content = {
    version: "1",
    call_id: call.callId,
    party_id: call.ourPartyId,
    replacement_id: replacementId,
    reason,
  };
  void running()
    .sendEvent(call.roomId, REJECT_REPLACEMENT as EventType.CallReject, content as never)
    .catch(() => {}); // Who asked waits for a minute at most.
}
