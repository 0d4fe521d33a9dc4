/** What a person does with calls: place, answer, decline, hold, take another one, end. */
import { type MatrixClient, RoomEvent } from "matrix-js-sdk/lib/matrix";
import {
  CallErrorCode,
  CallEvent,
  CallState,
  createNewMatrixCall,
  type MatrixCall,
} from "matrix-js-sdk/lib/webrtc/call";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler";
import { all, hasRoom } from "../state/lines";
import * as store from "../state/store";
import { t } from "../text/i18n";
import { tidyName } from "../text/names";
import { mediaProblem } from "../text/reasons";
import { current, running } from "./current";
import { gatherFirst } from "./gathered";
import * as lines from "./lines";
import { endCall, sendTcpLater } from "./private";

/** `expected` takes a call that comes in for something that was agreed already: it does not ring. */
export function watchCalls(
  client: MatrixClient,
  expected: (call: MatrixCall) => boolean,
): () => void {
  const onIncoming = (call: MatrixCall) => {
    const name = tidyName(call.getOpponentMember()?.rawDisplayName ?? "") || call.roomId;
    if (!expected(call)) lines.ring(call, name);
  };
  client.on(CallEventHandlerEvent.Incoming, onIncoming);
  client.on(RoomEvent.Name, lines.refresh);
  return () => {
    client.off(CallEventHandlerEvent.Incoming, onIncoming);
    client.off(RoomEvent.Name, lines.refresh);
    for (const each of all(lines.current())) {
      if (each.call.state !== CallState.Ringing) end(each);
    }
    lines.dropAll();
  };
}

export interface Placing {
  /** Where somebody else chose the id: the new call of a transfer. */
  callId?: string;
  invitee?: string;
  name?: string;
}

/** Calls in that room; whom we talked to is put on hold. null where it could not be placed. */
export async function placeCall(
  roomId: string,
  video: boolean,
  placing: Placing = {},
): Promise<lines.Tracked | null> {
  const client = running();
  const obstacle = hasRoom(lines.current()) ? await obstacleTo(client, video) : t("lines:tooMany");
  if (obstacle) {
    store.tell(obstacle, "problem", { roomId, video });
    return null;
  }
  const summary = store.rooms.value.find((each) => each.id === roomId);
  // `invitee` lets the other person's other rooms stay silent, and glare be noticed.
  const invitee = placing.invitee ?? summary?.peerId ?? undefined;
  const call = createNewMatrixCall(client, roomId, invitee ? { invitee } : {});
  if (!call) {
    store.tell(t("call:noCalls"), "problem");
    return null;
  }
  if (placing.callId) call.callId = placing.callId;
  call.once(CallEvent.PeerConnectionCreated, gatherFirst);
  sendTcpLater(call);
  store.notice.value = null;
  const name = summary?.name ?? placing.name ?? invitee ?? roomId;
  const found = lines.track(call, name, video);
  lines.toStage(found);
  await (video ? call.placeVideoCall() : call.placeVoiceCall());
  return found;
}

/** Answers the call that rings; the one on the stage is held, or ended where that is asked. */
export async function answer(video: boolean, others: "hold" | "end" = "hold"): Promise<void> {
  const found = lines.current().ringing[0];
  if (!found) return;
  const obstacle = await obstacleTo(running(), false);
  if (obstacle) {
    store.tell(obstacle, "problem");
    return;
  }
  if (others === "end" || !hasRoom(lines.current())) hangUp();
  await take(found, video);
}

export async function take(found: lines.Tracked, video: boolean): Promise<void> {
  found.video = video;
  lines.toStage(found);
  store.notice.value = null;
  store.selectedRoom.value = found.call.roomId;
  await found.call.answer(true, video);
}

export function decline() {
  const found = lines.current().ringing[0];
  if (!found) return;
  if (found.call.state === CallState.Ringing) found.call.reject();
  lines.drop(found);
}

export function hangUp() {
  const found = lines.current().stage;
  if (found) end(found);
}

export function hangUpHeld(callId: string) {
  const found = lines.find(callId);
  if (found) end(found);
}

/** Over for this page at once, whatever state the SDK, the network or the devices are in. */
function end(found: lines.Tracked) {
  try {
    endCall(found.call, CallErrorCode.UserHangup);
  } catch {
    // The SDK could not: at least nothing is sent or heard any more.
    found.call.peerConn?.close();
    for (const track of found.call.localUsermediaStream?.getTracks() ?? []) track.stop();
  }
  lines.drop(found);
}

export function hold(on: boolean) {
  const found = lines.current().stage;
  if (found) lines.setHold(found, on);
}

/** A held call comes to the stage, and is talked to. */
export function swapTo(callId: string) {
  const found = lines.find(callId);
  if (found) lines.toStage(found);
}

export function setRelay(on: boolean) {
  current()?.setForceTURN(on);
}

/** What would certainly fail, told before anybody's telephone rings. */
async function obstacleTo(client: MatrixClient, video: boolean): Promise<string | null> {
  if (store.connection.value !== "online") return t("call:offline");
  if (!navigator.mediaDevices) return mediaProblem("insecure");
  const devices = await navigator.mediaDevices.enumerateDevices();
  if (!devices.some((each) => each.kind === "audioinput")) return mediaProblem("NotFoundError");
  if (video && !devices.some((each) => each.kind === "videoinput"))
    return mediaProblem("no-camera");
  if (store.relayOnly.value && client.getTurnServers().length === 0) return t("call:noRelay");
  return null;
}
