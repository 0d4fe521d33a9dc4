/** Reading RTCStatsReport (W3C "Identifiers for WebRTC's Statistics API"). */

/** The members that are read here. */
export interface Entry {
  id: string;
  type: string;
  kind?: string;
  state?: string;
  timestamp?: number;
  nominated?: boolean;
  selectedCandidatePairId?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  candidateType?: string;
  address?: string;
  protocol?: string;
  relayProtocol?: string;
  networkType?: string;
  currentRoundTripTime?: number;
  packetsReceived?: number;
  packetsLost?: number;
  packetsSent?: number;
  bytesReceived?: number;
  bytesSent?: number;
  jitter?: number;
  roundTripTime?: number;
  framesDecoded?: number;
  framesPerSecond?: number;
  frameWidth?: number;
  frameHeight?: number;
  audioLevel?: number;
  codecId?: string;
  mimeType?: string;
  fractionLost?: number;
}

export type Entries = ReadonlyMap<string, Entry>;

export function entriesOf(report: RTCStatsReport): Entries {
  const entries = new Map<string, Entry>();
  report.forEach((each: Entry) => {
    entries.set(each.id, each);
  });
  return entries;
}

export function ofType(entries: Entries, type: string, kind?: string): Entry[] {
  return [...entries.values()].filter(
    (each) => each.type === type && (kind === undefined || each.kind === kind),
  );
}

/** Firefox has no `transport` entries: there the nominated pair that works is taken. */
export function chosenPair(entries: Entries): Entry | undefined {
  const transport = ofType(entries, "transport").find((each) => each.selectedCandidatePairId);
  return (
    entries.get(transport?.selectedCandidatePairId ?? "") ??
    ofType(entries, "candidate-pair").find((each) => each.nominated && each.state === "succeeded")
  );
}

type Counter =
  | "packetsReceived"
  | "packetsLost"
  | "packetsSent"
  | "bytesReceived"
  | "bytesSent"
  | "framesDecoded";

export function total(entries: readonly Entry[], member: Counter): number {
  return entries.reduce((sum, each) => sum + (each[member] ?? 0), 0);
}

/** "opus", "VP8"; empty where it is not known. */
export function codecOf(entries: Entries, of: Entry | undefined): string {
  const type = entries.get(of?.codecId ?? "")?.mimeType ?? "";
  return type.slice(type.indexOf("/") + 1);
}

/** Of the largest picture: "640 × 360", "25" frames a second; null where there is none. */
export function pictureOf(all: readonly Entry[]): Picture | null {
  const seen = all
    .filter((each) => (each.frameWidth ?? 0) > 0)
    .sort((a, b) => (b.frameWidth ?? 0) - (a.frameWidth ?? 0))[0];
  if (!seen) return null;
  return {
    width: seen.frameWidth ?? 0,
    height: seen.frameHeight ?? 0,
    perSecond: seen.framesPerSecond ?? 0,
  };
}

export interface Picture {
  width: number;
  height: number;
  perSecond: number;
}
