/** What the browser measures (W3C "Identifiers for WebRTC's Statistics API"), in a few numbers. */
import { callOf } from "./calls";

interface Entry {
  id: string;
  type: string;
  kind?: string;
  packetsReceived?: number;
  packetsSent?: number;
  totalAudioEnergy?: number;
  selectedCandidatePairId?: string;
  localCandidateId?: string;
  usernameFragment?: string;
}

/** Packets counted from 0; `local_ufrag` is the ICE user name of the path in use. */
export async function stats(id: string) {
  const entries = new Map<string, Entry>();
  const report = await callOf(id).peerConn?.getStats();
  report?.forEach((each: Entry) => {
    entries.set(each.id, each);
  });
  const all = [...entries.values()];
  const total = (type: string, kind: string, member: "packetsReceived" | "packetsSent") =>
    all
      .filter((each) => each.type === type && each.kind === kind)
      .reduce((sum, each) => sum + (each[member] ?? 0), 0);
  const transport = all.find((each) => each.type === "transport");
  const pair = entries.get(transport?.selectedCandidatePairId ?? "");
  const audio = all.find((each) => each.type === "inbound-rtp" && each.kind === "audio");
  return {
    audio_received: total("inbound-rtp", "audio", "packetsReceived"),
    audio_sent: total("outbound-rtp", "audio", "packetsSent"),
    video_received: total("inbound-rtp", "video", "packetsReceived"),
    video_sent: total("outbound-rtp", "video", "packetsSent"),
    energy: audio?.totalAudioEnergy ?? 0,
    local_ufrag: entries.get(pair?.localCandidateId ?? "")?.usernameFragment ?? null,
  };
}
