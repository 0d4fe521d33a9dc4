/**
 * Watches the client and its calls, and has the trace of each call written (trace/).
 *
 * It only listens: to the room's timeline, to what becomes of our own events, to the SDK's calls and
 * their peer connections. Everything is bounded, and nothing of it leaves the page by itself.
 */
import {
  EventStatus,
  type MatrixClient,
  type MatrixEvent,
  MatrixEventEvent,
  type Room,
  RoomEvent,
} from "matrix-js-sdk/lib/matrix";
import type { MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler";
import { keepTrace, traces } from "../state/traces";
import type { Trace } from "../trace/record";
import { TracedCall } from "./tracedcall";

/** Calls that are traced at the same time; further ones are not. */
const MOST_LIVE = 20;
/** How long what still comes for a call that is over is added to its trace. */
const LINGER_MS = 5000;
/** An invite that the SDK does not let ring by then never was a call here. */
const RINGS_WITHIN_MS = 20_000;

let tracer: Tracer | null = null;

export function watchTraces(client: MatrixClient): () => void {
  const started = new Tracer(client);
  tracer = started;
  return () => {
    started.stop();
    if (tracer === started) tracer = null;
    traces.value = [];
  };
}

/** As things stand; null where the call is not traced. */
export function traceOf(callId: string): Trace | null {
  return tracer?.recordOf(callId) ?? null;
}

class Tracer {
  private readonly live = new Map<string, TracedCall>();
  /** When those came that are not decrypted yet. */
  private readonly sealed = new WeakMap<MatrixEvent, number>();

  constructor(private readonly client: MatrixClient) {
    client.on(RoomEvent.Timeline, this.onTimeline);
    client.on(MatrixEventEvent.Decrypted, this.onDecrypted);
    client.on(RoomEvent.LocalEchoUpdated, this.onOurs);
    client.on(CallEventHandlerEvent.Incoming, this.onIncoming);
  }

  stop() {
    this.client.off(RoomEvent.Timeline, this.onTimeline);
    this.client.off(MatrixEventEvent.Decrypted, this.onDecrypted);
    this.client.off(RoomEvent.LocalEchoUpdated, this.onOurs);
    this.client.off(CallEventHandlerEvent.Incoming, this.onIncoming);
    for (const call of this.live.values()) call.stop();
    this.live.clear();
  }

  recordOf(callId: string): Trace | null {
    return this.live.get(callId)?.record() ?? null;
  }

  private readonly onTimeline = (
    event: MatrixEvent,
    _room: Room | undefined,
    toStart: boolean | undefined,
  ) => {
    if (toStart || event.status !== null) return; // Older messages; our own, not yet sent.
    const at = Date.now();
    if (isCallEvent(event)) this.received(event, at);
    else if (event.isEncrypted()) this.sealed.set(event, at);
  };

  private readonly onDecrypted = (event: MatrixEvent) => {
    const at = this.sealed.get(event);
    if (at !== undefined && isCallEvent(event)) this.received(event, at);
  };

  private received(event: MatrixEvent, at: number) {
    const callId = callIdOf(event);
    if (!isCallEvent(event) || callId === null || this.isOurs(event)) return;
    const known = this.live.get(callId) ?? this.rings(event, callId, at);
    known?.received(event, at);
  }

  private rings(event: MatrixEvent, callId: string, at: number): TracedCall | null {
    const { lifetime } = event.getContent();
    const fresh = typeof lifetime === "number" && event.getLocalAge() < lifetime;
    const theirs = event.getSender() !== this.client.getUserId();
    if (event.getType() !== "m.call.invite" || !fresh || !theirs) return null;
    return this.begin(callId, "inbound", at, event.getSender() ?? null);
  }

  /** What becomes of an event of ours: it is on its way, was taken, was not. */
  private readonly onOurs = (event: MatrixEvent) => {
    const callId = callIdOf(event);
    if (!isCallEvent(event) || callId === null) return;
    const at = Date.now();
    let known = this.live.get(callId) ?? null;
    if (!known && event.getType() === "m.call.invite" && event.status === EventStatus.SENDING) {
      const { invitee } = event.getContent();
      const peer = typeof invitee === "string" ? invitee : null;
      known = this.begin(callId, "outbound", at, peer);
      if (known) this.attach(known, this.client.callEventHandler?.calls.get(callId));
      known?.placed(event, at);
    }
    known?.ours(event, at);
  };

  private readonly onIncoming = (call: MatrixCall) => {
    const known = this.live.get(call.callId);
    if (!known) return;
    this.attach(known, call);
    known.rang(Date.now());
  };

  private begin(
    callId: string,
    direction: Trace["direction"],
    began: number,
    peerUserId: string | null,
  ): TracedCall | null {
    if (this.live.size >= MOST_LIVE) return null;
    const us = {
      userId: this.client.getUserId() ?? "",
      partyId: this.client.getDeviceId() ?? "",
    };
    const id = crypto.randomUUID().slice(0, 8);
    const begun = new TracedCall({ id, direction, began, us, peerUserId });
    begun.setServers(this.client.getTurnServers().flatMap(({ urls }) => urls));
    this.live.set(callId, begun);
    setTimeout(() => begun.attached || this.forget(callId), RINGS_WITHIN_MS);
    return begun;
  }

  private attach(known: TracedCall, call: MatrixCall | undefined) {
    if (!call) return;
    known.attach(call, () => {
      keepTrace(known.record());
      setTimeout(() => {
        if (this.live.get(call.callId) === known) keepTrace(known.record());
        this.forget(call.callId);
      }, LINGER_MS);
    });
  }

  private forget(callId: string) {
    this.live.get(callId)?.stop();
    this.live.delete(callId);
  }

  private isOurs(event: MatrixEvent): boolean {
    const mine = event.getSender() === this.client.getUserId();
    return mine && event.getContent().party_id === this.client.getDeviceId();
  }
}

function isCallEvent(event: MatrixEvent): boolean {
  return /^(m|org\.matrix)\.call\./.test(event.getType());
}

function callIdOf(event: MatrixEvent): string | null {
  const { call_id: id } = event.getContent();
  return typeof id === "string" && id.length <= 255 ? id : null;
}
