/** The trace of one call while it goes on: bounded, and without anything that is not to be told. */
import { mos } from "../media/emodel";
import { chosenPair, type Entries, type Entry, ofType, total } from "../media/report";
import { type CandidateParts, serverKind } from "./facts";
import { Hosts, type Party, People } from "./names";
import {
  type End,
  type Facts,
  FORMAT,
  type Kind,
  type Marks,
  type Media,
  MOST_CANDIDATES,
  MOST_STEPS,
  type Pair,
  type Step,
  type Trace,
} from "./record";

export interface Beginning {
  id: string;
  direction: Trace["direction"];
  /** Milliseconds since 1970. */
  began: number;
  us: Party;
  /** Whom we called; null where that is not known. */
  peerUserId: string | null;
}

export class CallTrace {
  readonly marks: Marks = {};
  rang = false;
  video = false;
  encrypted: boolean | null = null;
  end: End | null = null;
  failure = "";
  servers: string[] = [];
  readonly people: People;
  private state = "";
  private readonly hosts = new Hosts();
  private readonly head: Step[] = [];
  private readonly tail: Step[] = [];
  private leftOut = 0;
  private readonly ours = new Set<string>();
  private readonly theirs = new Set<string>();
  private pairs: Pair[] = [];
  private media: Media | null = null;

  constructor(private readonly beginning: Beginning) {
    this.people = new People(beginning.us, beginning.peerUserId);
  }

  get id(): string {
    return this.beginning.id;
  }

  /** `at`: milliseconds since 1970, as everywhere here. */
  step(at: number, kind: Kind, what: string, facts: Facts = {}, who?: Party): void {
    const step: Step = { ms: this.ms(at), kind, what, facts };
    if (who) step.who = this.people.name(who);
    if (this.head.length < MOST_STEPS) {
      this.head.push(step);
      return;
    }
    this.tail.push(step);
    if (this.tail.length > MOST_STEPS) {
      this.tail.shift();
      this.leftOut++;
    }
  }

  /** The state after the last step, told where it changed. */
  isNow(state: string): void {
    const last = this.tail.at(-1) ?? this.head.at(-1);
    if (state === this.state || !last) return;
    this.state = state;
    last.state = state;
  }

  mark(name: keyof Marks, at: number): boolean {
    if (this.marks[name] !== undefined) return false;
    this.marks[name] = this.ms(at);
    return true;
  }

  ms(at: number): number {
    return Math.max(0, Math.round(at - this.beginning.began));
  }

  add(whose: "ours" | "theirs", candidates: readonly CandidateParts[]): void {
    const known = this[whose];
    for (const { kind, address, transport } of candidates) {
      if (known.size >= MOST_CANDIDATES) return;
      known.add(this.hosts.name(kind, address, transport));
    }
  }

  setServers(uris: readonly string[]): void {
    this.servers = [...new Set(uris.slice(0, MOST_CANDIDATES).map(serverKind))];
  }

  measured(entries: Entries, connected: boolean): void {
    this.pairs = this.pairsOf(entries);
    this.media = mediaOf(entries, connected);
  }

  record(software: Record<string, string>): Trace {
    const { id, direction, began } = this.beginning;
    return {
      id,
      direction,
      began: new Date(began).toISOString(),
      format: FORMAT,
      rang: this.rang,
      video: this.video,
      encrypted: this.encrypted,
      end: this.end,
      marks: { ...this.marks },
      ours: [...this.ours],
      theirs: [...this.theirs],
      pairs: this.pairs,
      relay: {
        servers: this.servers,
        missing: this.servers.length ? "" : "the homeserver offers none",
        problems: [],
      },
      media: this.media && { ...this.media, failure: this.failure },
      steps: this.steps(),
      software,
    };
  }

  private steps(): Step[] {
    const first = this.tail[0];
    if (!this.leftOut || !first) return [...this.head, ...this.tail];
    const gap: Step = {
      ms: first.ms,
      kind: "gap",
      what: "left out",
      facts: { steps: this.leftOut },
    };
    return [...this.head, gap, ...this.tail];
  }

  private pairsOf(entries: Entries): Pair[] {
    const chosen = chosenPair(entries);
    const pairs = ofType(entries, "candidate-pair").map((each) => ({
      local: this.nameOf(entries.get(each.localCandidateId ?? "")),
      remote: this.nameOf(entries.get(each.remoteCandidateId ?? "")),
      state: each.state ?? "",
      chosen: each === chosen,
    }));
    return pairs.sort((a, b) => Number(b.chosen) - Number(a.chosen)).slice(0, MOST_CANDIDATES);
  }

  private nameOf(candidate: Entry | undefined): string {
    const { candidateType = "", address = "", protocol = "" } = candidate ?? {};
    return this.hosts.name(candidateType, address, protocol);
  }
}

function mediaOf(entries: Entries, connected: boolean): Media {
  const inbound = ofType(entries, "inbound-rtp");
  const outbound = ofType(entries, "outbound-rtp");
  const reports = ofType(entries, "remote-inbound-rtp");
  const received = total(inbound, "packetsReceived");
  const lost = total(inbound, "packetsLost");
  const jitter = inbound.find((each) => each.kind === "audio")?.jitter ?? 0;
  const roundTrip = chosenPair(entries)?.currentRoundTripTime ?? null;
  const loss = Math.max(0, lost) / Math.max(1, received + Math.max(0, lost));
  return {
    connected,
    packets_received: received,
    packets_lost: lost,
    packets_sent: total(outbound, "packetsSent"),
    packets_refused: 0,
    candidates_ignored: 0,
    bytes_received: total(inbound, "bytesReceived"),
    bytes_sent: total(outbound, "bytesSent"),
    jitter_ms: rounded(jitter * 1000, 1),
    lost_by_peer: reports.length ? total(reports, "packetsLost") : null,
    round_trip_ms: roundTrip === null ? null : rounded(roundTrip * 1000, 1),
    mos: received ? rounded(mos({ loss, jitter, roundTrip }), 2) : null,
    failure: "",
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
