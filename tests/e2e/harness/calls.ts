/** Calls by their id. Every one that was ever seen is kept: an ended one says how it ended. */
import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import {
  CallErrorCode,
  CallEvent,
  CallState,
  createNewMatrixCall,
  type MatrixCall,
} from "matrix-js-sdk/lib/webrtc/call";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler";
import { client } from "./client";
import { note } from "./log";

export { log } from "./log";

const PERIOD_MS = 50;
const calls = new Map<string, MatrixCall>();
const ringing: string[] = [];

export function callOf(id: string): MatrixCall {
  const found = calls.get(id);
  if (!found) throw new Error(`no call ${id}`);
  return found;
}

export function watchIncoming(running: MatrixClient) {
  running.on(CallEventHandlerEvent.Incoming, (call) => {
    watch(call);
    ringing.push(call.callId);
  });
}

/** The id of the next call that rings and was not asked for yet. */
export async function nextRinging(): Promise<string> {
  for (;;) {
    const id = ringing.shift();
    if (id) return id;
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
}

/** All ids, in the order in which they came up. */
export function ids(): string[] {
  return [...calls.keys()];
}

// --- beginning and ending

/** Gives the id as soon as there is one; `callId` chooses it, which decides who wins a glare. */
export function place(roomId: string, invitee: string, video: boolean, callId?: string): string {
  const call = createNewMatrixCall(client(), roomId, { invitee });
  if (!call) throw new Error("this browser cannot make calls");
  if (callId) call.callId = callId;
  watch(call);
  void (video ? call.placeVideoCall() : call.placeVoiceCall());
  return call.callId;
}

/** Answers whatever rings from now on, at once. */
export function answerEach() {
  client().on(CallEventHandlerEvent.Incoming, (call) => void call.answer(true, false));
}

/** Places a voice call; gives the milliseconds until it was connected, and hangs up. */
export async function connectsIn(roomId: string, invitee: string): Promise<number> {
  const began = performance.now();
  const call = callOf(place(roomId, invitee, false));
  await new Promise<void>((resolve) => {
    call.on(CallEvent.State, (state) => state === CallState.Connected && resolve());
  });
  const took = performance.now() - began;
  call.hangup(CallErrorCode.UserHangup, false);
  return took;
}

export async function answer(id: string, video: boolean) {
  await callOf(id).answer(true, video);
}

export function reject(id: string) {
  callOf(id).reject();
}

export function hangUp(id: string) {
  callOf(id).hangup(CallErrorCode.UserHangup, false);
}

// --- inside a call

export function setRemoteOnHold(id: string, onHold: boolean) {
  callOf(id).setRemoteOnHold(onHold);
}

/** Whether the microphone is muted now. */
export function setMicrophoneMuted(id: string, muted: boolean): Promise<boolean> {
  return callOf(id).setMicrophoneMuted(muted);
}

/** Whether the camera is off now; switching it on in a voice call upgrades the call. */
export function setLocalVideoMuted(id: string, muted: boolean): Promise<boolean> {
  return callOf(id).setLocalVideoMuted(muted);
}

/** Whether the screen is shared now. */
export function setScreensharingEnabled(id: string, enabled: boolean): Promise<boolean> {
  return callOf(id).setScreensharingEnabled(enabled);
}

/** The browser's own request, which the SDK follows by its `negotiationneeded` handler. */
export function restartIce(id: string) {
  callOf(id).peerConn?.restartIce();
}

export function sendDtmfDigit(id: string, digit: string) {
  callOf(id).sendDtmfDigit(digit);
}

export async function transfer(id: string, userId: string) {
  await callOf(id).transfer(userId);
}

export async function transferToCall(id: string, targetId: string) {
  await callOf(id).transferToCall(callOf(targetId));
}

// --- what is noted of each

function watch(call: MatrixCall) {
  calls.set(call.callId, call);
  const tell = (line: string) => note(`  ${call.callId} ${line}`);
  call.on(CallEvent.State, (state, old) => tell(`${old} → ${state}`));
  call.on(CallEvent.Error, (error) => tell(`error: ${error.code} ${error.message}`));
  call.on(CallEvent.LocalHoldUnhold, (held) => tell(`local hold: ${held}`));
  call.on(CallEvent.RemoteHoldUnhold, (held) => tell(`remote hold: ${held}`));
  call.on(CallEvent.Replaced, (next) => {
    tell(`replaced by ${next.callId}`);
    if (!calls.has(next.callId)) watch(next);
  });
  call.on(CallEvent.SendVoipEvent, (event) => note(`→ ${event.eventType} ${call.callId}`));
}
