/** What the media connection did in the last second, from two readings. Pure. */
import { mos } from "./emodel";
import {
  chosenPair,
  codecOf,
  type Entries,
  type Entry,
  ofType,
  type Picture,
  pictureOf,
  total,
} from "./report";

export interface Figures {
  /** Milliseconds since 1970. */
  at: number;
  /** Kilobits a second of RTP payload, sound and picture together. */
  inKbps: number;
  outKbps: number;
  /** Per cent of the packets since the reading before; of theirs here, of ours there. */
  lossIn: number;
  lossOut: number;
  jitterMs: number | null;
  roundTripMs: number | null;
  /** Estimated from the sound that arrives, 1 to 4.4; null while none does. */
  mos: number | null;
  path: Path | null;
  audioCodec: string;
  videoCodec: string;
  pictureIn: Picture | null;
  pictureOut: Picture | null;
}

/** The chosen pair, without addresses. */
export interface Path {
  route: "direct" | "relayed";
  /** "UDP", "TCP", "TLS": ours to the other side or to the relay. */
  protocol: string;
  /** "host", "srflx", "prflx", "relay". */
  local: string;
  remote: string;
}

export function pathOf(entries: Entries): Path | null {
  const pair = chosenPair(entries);
  const local = entries.get(pair?.localCandidateId ?? "");
  const remote = entries.get(pair?.remoteCandidateId ?? "");
  if (!local) return null;
  const relayed = local.candidateType === "relay" || remote?.candidateType === "relay";
  return {
    route: relayed ? "relayed" : "direct",
    protocol: (local.relayProtocol ?? local.protocol ?? "").toUpperCase(),
    local: local.candidateType ?? "",
    remote: remote?.candidateType ?? "",
  };
}

/** `before`: the reading before, or null for the first one, which has no rates yet. */
export function figuresOf(now: Entries, before: Entries | null, at: number): Figures {
  const inbound = ofType(now, "inbound-rtp");
  const outbound = ofType(now, "outbound-rtp");
  const heard = inbound.find((each) => each.kind === "audio");
  const seconds = elapsed(now, before);
  const roundTrip = chosenPair(now)?.currentRoundTripTime ?? remoteRoundTrip(now);
  const audioLoss = lost(heard ? [heard] : [], before);
  return {
    at,
    inKbps: rate(inbound, before, "bytesReceived", seconds),
    outKbps: rate(outbound, before, "bytesSent", seconds),
    lossIn: 100 * lost(inbound, before),
    lossOut: 100 * lostOfOurs(now),
    jitterMs: heard?.jitter === undefined ? null : heard.jitter * 1000,
    roundTripMs: roundTrip === null ? null : roundTrip * 1000,
    mos:
      heard && (heard.packetsReceived ?? 0) > 0
        ? mos({ loss: audioLoss, jitter: heard.jitter ?? 0, roundTrip })
        : null,
    path: pathOf(now),
    audioCodec: codecOf(now, heard ?? outbound.find((each) => each.kind === "audio")),
    videoCodec: codecOf(
      now,
      [...inbound, ...outbound].find((each) => each.kind === "video" && moving(each)),
    ),
    pictureIn: pictureOf(inbound.filter(moving)),
    pictureOut: pictureOf(outbound.filter(moving)),
  };
}

/** A picture that was switched off keeps its last size in the statistics, at no frames a second. */
function moving(each: Entry): boolean {
  return each.kind === "video" && (each.framesPerSecond ?? 0) > 0;
}

function elapsed(now: Entries, before: Entries | null): number {
  const at = (entries: Entries | null) => ofType(entries ?? new Map(), "transport")[0]?.timestamp;
  const any = (entries: Entries | null) => [...(entries ?? new Map()).values()][0]?.timestamp;
  const [from, to] = [at(before) ?? any(before), at(now) ?? any(now)];
  return from === undefined || to === undefined ? 0 : Math.max(0, (to - from) / 1000);
}

function rate(
  streams: readonly Entry[],
  before: Entries | null,
  member: "bytesReceived" | "bytesSent",
  seconds: number,
): number {
  if (!before || seconds <= 0) return 0;
  const bytes = total(streams, member) - total(known(streams, before), member);
  return Math.max(0, (bytes * 8) / 1000 / seconds);
}

/** 0 to 1. Late duplicates make `packetsLost` fall (RFC 3550 §6.4.1): that counts as none lost. */
function lost(streams: readonly Entry[], before: Entries | null): number {
  const old = known(streams, before);
  const missing = Math.max(0, total(streams, "packetsLost") - total(old, "packetsLost"));
  const arrived = Math.max(0, total(streams, "packetsReceived") - total(old, "packetsReceived"));
  return missing + arrived === 0 ? 0 : missing / (missing + arrived);
}

function lostOfOurs(now: Entries): number {
  const reports = ofType(now, "remote-inbound-rtp").map((each) => each.fractionLost ?? 0);
  return Math.max(0, ...reports);
}

function remoteRoundTrip(now: Entries): number | null {
  return (
    ofType(now, "remote-inbound-rtp").find((each) => each.roundTripTime)?.roundTripTime ?? null
  );
}

function known(streams: readonly Entry[], before: Entries | null): Entry[] {
  return streams.flatMap((each) => before?.get(each.id) ?? []);
}
