/**
 * The calls that there are: which one is on the stage, which are held, which ring.
 *
 * The SDK's MatrixCall does the protocol; the rules are in `state/lines.ts`; this file carries them
 * out, and copies what the SDK knows into the store.
 */
import {
  CallErrorCode,
  CallEvent,
  CallParty,
  CallState,
  type MatrixCall,
} from "matrix-js-sdk/lib/webrtc/call";
import { CallFeedEvent } from "matrix-js-sdk/lib/webrtc/callFeed";
import { heldCalls, moreRinging } from "../state/calls";
import { all, type Lines, noLines, replaced, rung, staged, without } from "../state/lines";
import * as store from "../state/store";
import { tidyName } from "../text/names";
import { endSentence } from "../text/reasons";
import { watchStats } from "./callstats";
import { viewOf } from "./callview";
import type { Identity } from "./identity";
import { endCall } from "./private";

/** The SDK restarts ICE for ever when it never connected: give up as a person would. */
const CONNECT_PATIENCE_MS = 30_000;

export interface Tracked {
  call: MatrixCall;
  peer: string;
  video: boolean;
  /** We want the other side to wait. Carried out once there is a connection to say so over. */
  hold: boolean;
  connectedAt: number | null;
  error: string;
  /** Who the other side says is on the line. */
  identity: Identity | null;
  gaveUp?: ReturnType<typeof setTimeout> | undefined;
  /** Called once, when media first flow. */
  onConnected?: () => void;
}

let lines: Lines<Tracked> = noLines();
let measured: { of: Tracked; stop: () => void } | null = null;

export function current(): Lines<Tracked> {
  return lines;
}

export function find(callId: string): Tracked | undefined {
  return all(lines).find((each) => each.call.callId === callId);
}

/** A call that rings. */
export function ring(call: MatrixCall, peer: string) {
  // The SDK reports an invite that it could not read as a call that has ended already.
  if (call.state !== CallState.Ringing) return;
  arrange(rung(lines, track(call, peer, call.hasRemoteUserMediaVideoTrack)));
}

/** To the stage with it; whom we talked to is put on hold. */
export function toStage(found: Tracked) {
  found.hold = false;
  if (lines.stage && lines.stage !== found) lines.stage.hold = true;
  arrange(staged(lines, found));
}

export function setHold(found: Tracked, hold: boolean) {
  found.hold = hold;
  arrange(lines);
}

/** Gone from here, whatever the SDK makes of it. */
export function drop(found: Tracked) {
  clearTimeout(found.gaveUp);
  arrange(without(lines, found));
}

export function dropAll() {
  for (const each of all(lines)) clearTimeout(each.gaveUp);
  arrange(noLines());
}

export function track(call: MatrixCall, peer: string, video: boolean): Tracked {
  const found: Tracked = {
    call,
    peer,
    video,
    hold: false,
    connectedAt: null,
    error: "",
    identity: null,
  };
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
    // The SDK goes back to ringing when the answer could not be sent; a person would not notice.
    if (error.code === CallErrorCode.SendAnswer) {
      queueMicrotask(() => endCall(call, CallErrorCode.SendAnswer));
    }
  });
  // Glare: both called each other, and the other's call survives (its answer is under way).
  call.on(CallEvent.Replaced, (next) => arrange(replaced(lines, found, track(next, peer, video))));
  return found;
}

function onState(found: Tracked) {
  const { call } = found;
  // In a room of several it is known only now who answered.
  found.peer = tidyName(call.getOpponentMember()?.rawDisplayName ?? "") || found.peer;
  if (call.state === CallState.Connected && found.connectedAt === null) {
    found.connectedAt = Date.now();
    found.onConnected?.();
  }
  clearTimeout(found.gaveUp);
  if (call.state === CallState.Connecting && found.connectedAt === null) {
    found.gaveUp = setTimeout(() => endCall(call, CallErrorCode.IceFailed), CONNECT_PATIENCE_MS);
  }
  if (call.state === CallState.Ended) ended(found);
  else arrange(lines);
}

function ended(found: Tracked) {
  const known = all(lines).includes(found);
  drop(found);
  const { call } = found;
  if (!known || call.hangupReason === CallErrorCode.Replaced) return;
  const { text, failed } = endSentence({
    // An invite that rang out here carries no reason.
    reason: call.hangupReason ?? CallErrorCode.InviteTimeout,
    remote: call.hangupParty === CallParty.Remote,
    outgoing: call.direction === "outbound",
    peer: found.peer,
    lasted: found.connectedAt === null ? null : (Date.now() - found.connectedAt) / 1000,
    error: found.error,
  });
  const retry = failed ? { roomId: call.roomId, video: found.video } : null;
  store.tell(text, failed ? "problem" : "info", retry);
}

function arrange(next: Lines<Tracked>) {
  lines = next;
  for (const each of all(lines)) carryOutHold(each);
  measure();
  refresh();
}

function carryOutHold({ call, hold }: Tracked) {
  if (call.state === CallState.Connected && call.isRemoteOnHold() !== hold)
    call.setRemoteOnHold(hold);
}

/** The figures are those of the call on the stage. */
function measure() {
  const wanted = lines.stage && lines.stage.connectedAt !== null ? lines.stage : null;
  if (measured?.of === (wanted ?? undefined)) return;
  measured?.stop();
  store.callStats.value = null;
  measured = wanted && { of: wanted, stop: watchStats(wanted.call) };
}

/** Copies what the SDK knows into the store. */
export function refresh() {
  store.call.value = lines.stage && viewOf(lines.stage.call, lines.stage);
  const ringing = lines.ringing[0];
  store.incoming.value = ringing ? viewOf(ringing.call, ringing) : null;
  moreRinging.value = Math.max(0, lines.ringing.length - 1);
  heldCalls.value = lines.held.map((each) => viewOf(each.call, each));
}
