/** Once a second, what the browser measures of the call's media connection. */
import type { MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { limitSending } from "../media/bandwidth";
import { figuresOf, pathOf } from "../media/figures";
import { chosenPair, type Entries, entriesOf, ofType, total } from "../media/report";
import { layoutChoices } from "../state/layout";
import { measured, withFigures } from "../state/stats";
import * as store from "../state/store";
import type { CallStats } from "../state/types";

const PERIOD_MS = 1000;

export function watchStats(call: MatrixCall): () => void {
  let before: Entries | null = null;
  const measure = async () => {
    const { peerConn } = call;
    if (!peerConn || store.call.value?.id !== call.callId) return; // On hold behind another.
    // Renegotiation makes new senders: they are limited as the old ones were.
    limitSending(peerConn, layoutChoices.value.bandwidth);
    const report = await peerConn.getStats().catch(() => undefined);
    if (!report || call.callHasEnded() || store.call.value?.id !== call.callId) return;
    const entries = entriesOf(report);
    const figures = figuresOf(entries, before, Date.now());
    before = entries;
    const full = layoutChoices.value.bandwidth === "full";
    measured.value = withFigures(measured.value, call.callId, figures, full);
    store.callStats.value = summarise(entries);
  };
  void measure();
  const timer = setInterval(measure, PERIOD_MS);
  return () => clearInterval(timer);
}

export function summarise(entries: Entries): CallStats {
  const path = pathOf(entries);
  const inbound = ofType(entries, "inbound-rtp");
  const received = total(inbound, "packetsReceived");
  const lost = Math.max(0, total(inbound, "packetsLost"));
  const roundTrip = chosenPair(entries)?.currentRoundTripTime;
  return {
    route: path?.route ?? null,
    protocol: path?.protocol ?? "",
    roundTripMs: roundTrip === undefined ? null : roundTrip * 1000,
    packetsReceived: received,
    packetsSent: total(ofType(entries, "outbound-rtp"), "packetsSent"),
    lossPercent: received + lost === 0 ? 0 : (100 * lost) / (received + lost),
    framesDecoded: total(inbound, "framesDecoded"),
    level: inbound.find((each) => each.kind === "audio")?.audioLevel ?? 0,
  };
}
