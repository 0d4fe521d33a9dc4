/** One call as it passes: its events, its states, its media connection; told to its trace. */
import { EventStatus, type MatrixEvent } from "matrix-js-sdk/lib/matrix";
import { CallEvent, CallParty, CallState, type MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { entriesOf, ofType } from "../media/report";
import { type Beginning, CallTrace } from "../trace/calltrace";
import { endOf, type SdkEnd } from "../trace/ends";
import { candidatesIn, eventType, factsOf } from "../trace/facts";
import type { Facts, Trace } from "../trace/record";

const POLL_MS = 2000;
const MOST_UNDER_WAY = 64;

/** The service's words for the states of a call (`State` in signalling/states.py). */
const STATES: Record<CallState, string> = {
  [CallState.Fledgling]: "preparing",
  [CallState.WaitLocalMedia]: "preparing",
  [CallState.CreateOffer]: "preparing",
  [CallState.InviteSent]: "invited",
  [CallState.Ringing]: "ringing",
  [CallState.CreateAnswer]: "answering",
  [CallState.Connecting]: "connecting",
  [CallState.Connected]: "connected",
  [CallState.Ended]: "ended",
};

export class TracedCall {
  private readonly trace: CallTrace;
  private readonly us: Beginning["us"];
  private readonly inbound: boolean;
  private call: MatrixCall | null = null;
  private readonly underWay = new Map<string, number>();
  private rejected: SdkEnd["rejected"] = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly watching = new AbortController();

  constructor(beginning: Beginning) {
    this.trace = new CallTrace(beginning);
    this.us = beginning.us;
    this.inbound = beginning.direction === "inbound";
  }

  get attached(): boolean {
    return this.call !== null;
  }

  setServers(uris: readonly string[]) {
    this.trace.setServers(uris);
  }

  record(): Trace {
    return this.trace.record({
      page: "matrix-voip",
      "matrix-js-sdk": "43",
      browser: navigator.userAgent.slice(0, 200),
    });
  }

  /** `over`: called once, when the call has ended. */
  attach(call: MatrixCall, over: () => void) {
    if (this.call) return;
    this.call = call;
    call.on(CallEvent.State, (state) => this.onState(state, over));
    call.on(CallEvent.Replaced, () => this.trace.step(Date.now(), "notice", "replaced"));
    call.on(CallEvent.LocalHoldUnhold, (held) =>
      this.trace.step(Date.now(), "notice", held ? "held by the other side" : "resumed"),
    );
    if (call.peerConn) this.watch(call.peerConn);
    call.on(CallEvent.PeerConnectionCreated, (connection) => this.watch(connection));
    this.timer = setInterval(() => void this.measure(), POLL_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.watching.abort();
  }

  // --- events of the room ---

  received(event: MatrixEvent, at: number) {
    const content = event.getContent();
    const userId = event.getSender() ?? "";
    const partyId = typeof content.party_id === "string" ? content.party_id : "";
    const type = event.getType();
    const facts: Facts = { age_ms: Math.max(0, Math.round(event.getLocalAge())) };
    Object.assign(facts, factsOf(content));
    if (event.isEncrypted()) facts.encrypted = true;
    this.trace.step(at, "received", eventType(type), facts, { userId, partyId });
    const theirs = userId !== this.us.userId;
    if (theirs) {
      this.trace.encrypted = event.isEncrypted();
      this.trace.add("theirs", candidatesIn(content));
      if (type === "m.call.answer") this.trace.mark("answered", at);
      if (type === "m.call.invite") this.trace.video = hasVideo(content);
    }
    if (type === "m.call.reject") this.rejected = theirs ? "peer" : "other_device";
  }

  placed(event: MatrixEvent, at: number) {
    this.trace.video = hasVideo(event.getContent());
    this.trace.step(at, "asked", "place", { video: this.trace.video });
    this.trace.isNow("preparing");
  }

  ours(event: MatrixEvent, at: number) {
    const id = event.getTxnId() ?? event.getId() ?? "";
    const type = eventType(event.getType());
    const began = this.underWay.get(id);
    if (began === undefined) {
      if (isUnderWay(event.status) && this.underWay.size < MOST_UNDER_WAY) this.sent(event, at, id);
      return;
    }
    if (isUnderWay(event.status)) return;
    this.underWay.delete(id);
    const facts = { took_ms: Math.round(at - began) };
    const refused = event.status === EventStatus.NOT_SENT || event.status === EventStatus.CANCELLED;
    if (refused) this.trace.step(at, "not taken", type, { why: "failed", ...facts });
    else this.trace.step(at, "taken", type, facts);
  }

  private sent(event: MatrixEvent, at: number, id: string) {
    const content = event.getContent();
    this.underWay.set(id, at);
    this.trace.step(at, "sent", eventType(event.getType()), factsOf(content));
    this.trace.add("ours", candidatesIn(content));
    if (event.getType() === "m.call.answer") this.trace.mark("answered", at);
    if (event.getType() === "m.call.reject") this.rejected = "us";
  }

  // --- the call ---

  rang(at: number) {
    this.trace.rang = true;
    this.trace.step(at, "notice", "incoming", { video: this.trace.video });
    this.trace.isNow("ringing");
  }

  private onState(state: CallState, over: () => void) {
    const at = Date.now();
    if (state === CallState.WaitLocalMedia && this.inbound) this.trace.step(at, "asked", "accept");
    if (state === CallState.Connected && this.trace.mark("established", at)) {
      this.trace.step(at, "notice", "established");
    }
    if (state === CallState.Ended) this.ended(at);
    this.trace.isNow(
      this.inbound && state === CallState.WaitLocalMedia ? "answering" : STATES[state],
    );
    if (state === CallState.Ended) over();
  }

  private ended(at: number) {
    const { call } = this;
    if (!call || !this.trace.mark("ended", at)) return;
    const end = endOf({
      // An invite that rang out here carries no reason.
      reason: call.hangupReason ?? "invite_timeout",
      remote: call.hangupParty === CallParty.Remote,
      established: this.trace.marks.established !== undefined,
      rejected: this.rejected,
    });
    // Glare: the service tells it by the notice alone.
    if (call.hangupReason !== "replaced") this.trace.end = end;
    this.trace.step(at, "notice", "ended", { reason: end.reason, by: end.by });
    clearInterval(this.timer);
  }

  // --- media ---

  private watch(connection: RTCPeerConnection) {
    const { signal } = this.watching;
    const note = (what: string, facts: Facts = {}) =>
      this.trace.step(Date.now(), "media", what, facts);
    const onIce = () => {
      note(`ice ${connection.iceConnectionState}`);
      void this.measure();
    };
    const onConnection = () => {
      if (connection.connectionState === "connected") note("media connected");
      if (connection.connectionState !== "failed") return;
      const encryption = /connected|completed/.test(connection.iceConnectionState);
      this.trace.failure = encryption ? "dtls_failed" : "ice_failed";
      note("media failed", { why: this.trace.failure });
    };
    const onGathered = () => {
      if (connection.iceGatheringState === "complete") note("all candidates gathered");
    };
    const onSignalling = () => note(`signalling ${connection.signalingState}`);
    connection.addEventListener("iceconnectionstatechange", onIce, { signal });
    connection.addEventListener("connectionstatechange", onConnection, { signal });
    connection.addEventListener("icegatheringstatechange", onGathered, { signal });
    connection.addEventListener("signalingstatechange", onSignalling, { signal });
  }

  private async measure() {
    const report = await this.call?.peerConn?.getStats().catch(() => undefined);
    if (!report || this.call?.callHasEnded()) return;
    const entries = entriesOf(report);
    this.trace.measured(entries, this.trace.marks.established !== undefined);
    const at = Date.now();
    const heard = ofType(entries, "inbound-rtp", "audio").some((each) => each.packetsReceived);
    if (heard && this.trace.mark("first_audio", at)) {
      this.trace.step(at, "media", "first audio of the other side");
    }
  }
}

function isUnderWay(status: EventStatus | null): boolean {
  return (
    status === EventStatus.SENDING ||
    status === EventStatus.ENCRYPTING ||
    status === EventStatus.QUEUED
  );
}

function hasVideo(content: Readonly<Record<string, unknown>>): boolean {
  const sdp = (content.offer as { sdp?: unknown } | undefined)?.sdp;
  return typeof sdp === "string" && /^m=video [1-9]/m.test(sdp);
}
