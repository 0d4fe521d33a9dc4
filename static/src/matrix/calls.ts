/**
 * Placing, ringing, answering and ending calls.
 *
 * The SDK's MatrixCall does the protocol; this file decides which call is on the stage, which one
 * rings, and what the person is told. One call at a time is on the stage and one rings; further
 * ones ring out, as another device of the same person may take them.
 */
import { type MatrixClient, RoomEvent } from "matrix-js-sdk/lib/matrix";
import {
  CallErrorCode,
  CallEvent,
  CallParty,
  CallState,
  createNewMatrixCall,
  type MatrixCall,
} from "matrix-js-sdk/lib/webrtc/call";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler";
import { CallFeedEvent } from "matrix-js-sdk/lib/webrtc/callFeed";
import * as store from "../state/store";
import { t } from "../text/i18n";
import { endSentence, mediaProblem } from "../text/reasons";
import { watchStats } from "./callstats";
import { viewOf } from "./callview";
import { current, running } from "./current";

/** The SDK restarts ICE for ever when it never connected: give up as a person would. */
const CONNECT_PATIENCE_MS = 30_000;

interface Tracked {
  call: MatrixCall;
  connectedAt: number | null;
  error: string;
  /** We ended it because connecting took too long. */
  gaveUp?: ReturnType<typeof setTimeout> | undefined;
  stopStats?: () => void;
  peer: string;
  video: boolean;
}

let stage: Tracked | null = null;
/** The first one is shown; the others wait for their turn, or ring out. */
let ringers: Tracked[] = [];
const MOST_RINGERS = 5;

export function watchCalls(client: MatrixClient): () => void {
  const onIncoming = (call: MatrixCall) => ring(call);
  client.on(CallEventHandlerEvent.Incoming, onIncoming);
  const onLeave = () => refresh();
  client.on(RoomEvent.Name, onLeave);
  return () => {
    client.off(CallEventHandlerEvent.Incoming, onIncoming);
    client.off(RoomEvent.Name, onLeave);
    stage?.call.hangup(CallErrorCode.UserHangup, false);
    stage = null;
    ringers = [];
    refresh();
  };
}

export async function placeCall(roomId: string, video: boolean): Promise<void> {
  if (stage) return;
  const client = running();
  const retry = { roomId, video };
  const obstacle = await obstacleTo(client, video);
  if (obstacle) {
    store.tell(obstacle, "problem", retry);
    return;
  }
  const summary = store.rooms.value.find((each) => each.id === roomId);
  // `invitee` lets the other person's other rooms stay silent, and glare be noticed.
  const invitee = summary?.peerId ?? undefined;
  const call = createNewMatrixCall(client, roomId, invitee ? { invitee } : {});
  if (!call) {
    store.tell(t("call:noCalls"), "problem");
    return;
  }
  store.notice.value = null;
  stage = track(call, summary?.name ?? roomId, video);
  refresh();
  await (video ? call.placeVideoCall() : call.placeVoiceCall());
}

export async function answer(video: boolean): Promise<void> {
  const found = ringers[0];
  if (!found) return;
  const obstacle = await obstacleTo(running(), false);
  if (obstacle) {
    store.tell(obstacle, "problem");
    return;
  }
  if (stage) hangUp();
  ringers = ringers.filter((each) => each !== found);
  found.video = video;
  stage = found;
  store.notice.value = null;
  store.selectedRoom.value = found.call.roomId;
  refresh();
  await found.call.answer(true, video);
}

export function decline() {
  const found = ringers[0];
  if (found?.call.state === CallState.Ringing) found.call.reject();
}

export function hangUp() {
  stage?.call.hangup(CallErrorCode.UserHangup, false);
}

export async function setMicMuted(muted: boolean) {
  await stage?.call.setMicrophoneMuted(muted);
  refresh();
}

export async function setCameraOff(off: boolean) {
  const found = stage;
  if (!found) return;
  const isOff = await found.call.setLocalVideoMuted(off);
  if (!off) found.video = !isOff;
  if (!off && isOff) {
    store.tell(t("call:cameraStays", { name: found.peer }), "problem");
  }
  refresh();
}

export function setRelay(on: boolean) {
  current()?.setForceTURN(on);
}

/** What would certainly fail, told before anybody's telephone rings. */
async function obstacleTo(client: MatrixClient, video: boolean): Promise<string | null> {
  if (store.connection.value !== "online") {
    return t("call:offline");
  }
  if (!navigator.mediaDevices) return mediaProblem("insecure");
  const devices = await navigator.mediaDevices.enumerateDevices();
  if (!devices.some((each) => each.kind === "audioinput")) return mediaProblem("NotFoundError");
  if (video && !devices.some((each) => each.kind === "videoinput"))
    return mediaProblem("no-camera");
  if (store.relayOnly.value && client.getTurnServers().length === 0) {
    return t("call:noRelay");
  }
  return null;
}

function ring(call: MatrixCall) {
  const name = call.getOpponentMember()?.name ?? call.roomId;
  if (ringers.length >= MOST_RINGERS) return;
  ringers.push(track(call, name, call.hasRemoteUserMediaVideoTrack));
  refresh();
}

function track(call: MatrixCall, peer: string, video: boolean): Tracked {
  const found: Tracked = { call, connectedAt: null, error: "", peer, video };
  call.on(CallEvent.State, () => onState(found));
  call.on(CallEvent.FeedsChanged, (feeds) => {
    for (const feed of feeds) {
      for (const event of [CallFeedEvent.MuteStateChanged, CallFeedEvent.NewStream] as const) {
        feed.off(event, refresh);
        feed.on(event, refresh);
      }
    }
    refresh();
  });
  call.on(CallEvent.LocalHoldUnhold, refresh);
  call.on(CallEvent.Error, (error) => {
    found.error = error.message;
    if (error.code === CallErrorCode.SendAnswer) fail(found, error.code);
  });
  // Glare: both called each other, and the other's call survives (its answer is under way).
  call.on(CallEvent.Replaced, (next) => {
    if (stage === found) stage = track(next, peer, video);
    refresh();
  });
  return found;
}

function onState(found: Tracked) {
  const { call } = found;
  if (call.state === CallState.Connected && found.connectedAt === null) {
    found.connectedAt = Date.now();
    found.stopStats = watchStats(call);
  }
  clearTimeout(found.gaveUp);
  if (call.state === CallState.Connecting && found.connectedAt === null) {
    found.gaveUp = setTimeout(
      () => call.hangup(CallErrorCode.IceFailed, false),
      CONNECT_PATIENCE_MS,
    );
  }
  if (call.state === CallState.Ended) ended(found);
  refresh();
}

/** The SDK goes back to ringing when the answer could not be sent; a person would not notice. */
function fail(found: Tracked, reason: CallErrorCode) {
  queueMicrotask(() => found.call.hangup(reason, false));
}

function ended(found: Tracked) {
  found.stopStats?.();
  const { call } = found;
  const shown = found === stage || ringers.includes(found);
  if (found === stage) stage = null;
  ringers = ringers.filter((each) => each !== found);
  if (!shown || call.hangupReason === CallErrorCode.Replaced) return;
  const outgoing = call.direction === "outbound";
  const { text, failed } = endSentence({
    // An invite that rang out here carries no reason.
    reason: call.hangupReason ?? CallErrorCode.InviteTimeout,
    remote: call.hangupParty === CallParty.Remote,
    outgoing,
    peer: found.peer,
    lasted: found.connectedAt === null ? null : (Date.now() - found.connectedAt) / 1000,
    error: found.error,
  });
  const retry = failed ? { roomId: call.roomId, video: found.video } : null;
  store.tell(text, failed ? "problem" : "info", retry);
}

/** Copies what the SDK knows into the store. */
function refresh() {
  store.call.value = stage && viewOf(stage.call, stage);
  const ringing = ringers[0];
  store.incoming.value = ringing ? viewOf(ringing.call, ringing) : null;
  if (!stage) store.callStats.value = null;
}
