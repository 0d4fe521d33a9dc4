/**
 * What is kept of a call, as JSON: the form of voip/tracing/record.py, which `voip trace --file`
 * reads. People are `us`, `peer`, `another person`; addresses are `host A (IPv4, private, udp)`; of a
 * session description there are facts, of a text its length.
 */
export const FORMAT = 1;
/** Of the beginning, and as many of the end. */
export const MOST_STEPS = 200;
export const MOST_CANDIDATES = 50;

export type Kind =
  | "received"
  | "sent"
  | "taken"
  | "not taken"
  | "room"
  | "asked"
  | "media"
  | "notice"
  | "timer"
  | "gap";

export type Facts = Record<string, unknown>;

export interface Step {
  /** Milliseconds since the first step. */
  ms: number;
  kind: Kind;
  what: string;
  who?: string;
  facts?: Facts;
  /** The state of the call, where it changed with this step. */
  state?: string;
}

export interface End {
  reason: string;
  text: string;
  by: By;
  wire_reason: string;
}

export type By = "us" | "peer" | "other_device" | "time" | "fault";

export interface Pair {
  local: string;
  remote: string;
  state: string;
  chosen: boolean;
}

/** Counted when it was last measured. Durations are milliseconds. */
export interface Media {
  connected: boolean;
  packets_received: number;
  packets_lost: number;
  packets_sent: number;
  packets_refused: number;
  candidates_ignored: number;
  bytes_received: number;
  bytes_sent: number;
  jitter_ms: number;
  lost_by_peer: number | null;
  round_trip_ms: number | null;
  mos: number | null;
  failure: string;
}

/** Milliseconds since the first step. */
export interface Marks {
  answered?: number;
  established?: number;
  first_audio?: number;
  ended?: number;
}

export interface Trace {
  id: string;
  direction: "inbound" | "outbound";
  /** UTC. */
  began: string;
  format: number;
  rang: boolean;
  video: boolean;
  encrypted: boolean | null;
  end: End | null;
  marks: Marks;
  ours: string[];
  theirs: string[];
  pairs: Pair[];
  relay: { servers: string[]; missing: string; problems: string[] };
  media: Media | null;
  steps: Step[];
  software: Record<string, string>;
}
