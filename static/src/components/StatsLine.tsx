/** How the media travels and how well it arrives. */
import { callStats } from "../state/store";

export function StatsLine() {
  const stats = callStats.value;
  if (!stats) return null;
  const parts = [
    stats.route && `${stats.route === "relayed" ? "Relayed" : "Direct"} ${stats.protocol}`,
    stats.roundTripMs !== null && `${Math.round(stats.roundTripMs)} ms`,
    `${stats.lossPercent.toFixed(1)} % lost`,
  ];
  return (
    <p
      class="stats"
      title="How the call travels: path, round trip, packets lost"
      data-testid="call-stats"
      data-route={stats.route ?? ""}
      data-received={stats.packetsReceived}
      data-sent={stats.packetsSent}
      data-frames={stats.framesDecoded}
      data-level={stats.level}
    >
      {parts.filter(Boolean).join(" · ")}
    </p>
  );
}
