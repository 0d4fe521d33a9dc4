/** Once a second, what the browser measures of the call's media connection. */
import type { MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { callStats } from "../state/store";
import type { CallStats } from "../state/types";

const PERIOD_MS = 1000;

export function watchStats(call: MatrixCall): () => void {
  const measure = async () => {
    const report = await call.peerConn?.getStats().catch(() => undefined);
    if (report && !call.callHasEnded()) callStats.value = summarise(report);
  };
  void measure();
  const timer = setInterval(measure, PERIOD_MS);
  return () => clearInterval(timer);
}

/** The members of RTCStats (W3C "Identifiers for WebRTC's Statistics API") read here. */
interface Entry {
  id: string;
  type: string;
  kind?: string;
  state?: string;
  nominated?: boolean;
  selectedCandidatePairId?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  candidateType?: string;
  protocol?: string;
  relayProtocol?: string;
  currentRoundTripTime?: number;
  packetsReceived?: number;
  packetsLost?: number;
  packetsSent?: number;
  framesDecoded?: number;
  audioLevel?: number;
}

export function summarise(report: RTCStatsReport): CallStats {
  const entries = new Map<string, Entry>();
  report.forEach((each: Entry) => {
    entries.set(each.id, each);
  });
  const all = [...entries.values()];
  const pair = chosenPair(entries);
  const local = entries.get(pair?.localCandidateId ?? "");
  const remote = entries.get(pair?.remoteCandidateId ?? "");
  const inbound = all.filter((each) => each.type === "inbound-rtp");
  const received = total(inbound, "packetsReceived");
  const lost = Math.max(0, total(inbound, "packetsLost"));
  const relayed = local?.candidateType === "relay" || remote?.candidateType === "relay";
  return {
    route: local ? (relayed ? "relayed" : "direct") : null,
    protocol: (local?.relayProtocol ?? local?.protocol ?? "").toUpperCase(),
    roundTripMs: pair?.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
    packetsReceived: received,
    packetsSent: total(
      all.filter((each) => each.type === "outbound-rtp"),
      "packetsSent",
    ),
    lossPercent: received + lost === 0 ? 0 : (100 * lost) / (received + lost),
    framesDecoded: total(inbound, "framesDecoded"),
    level: inbound.find((each) => each.kind === "audio")?.audioLevel ?? 0,
  };
}

/** Firefox has no `transport` entries: there the nominated pair that works is taken. */
function chosenPair(entries: Map<string, Entry>): Entry | undefined {
  const all = [...entries.values()];
  const transport = all.find((each) => each.type === "transport" && each.selectedCandidatePairId);
  return (
    entries.get(transport?.selectedCandidatePairId ?? "") ??
    all.find(
      (each) => each.type === "candidate-pair" && each.nominated && each.state === "succeeded",
    )
  );
}

function total(
  entries: Entry[],
  member: "packetsReceived" | "packetsLost" | "packetsSent" | "framesDecoded",
) {
  return entries.reduce((sum, each) => sum + (each[member] ?? 0), 0);
}
