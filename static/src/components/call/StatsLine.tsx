/** How the media travels and how well it arrives. */
import { callStats } from "../../state/store";
import { t } from "../../text/i18n";

export function StatsLine() {
  const stats = callStats.value;
  if (!stats) return null;
  const parts = [
    stats.route && t(`call:${stats.route}`, { protocol: stats.protocol }),
    stats.roundTripMs !== null && t("call:milliseconds", { value: Math.round(stats.roundTripMs) }),
    t("call:lost", { value: stats.lossPercent.toFixed(1) }),
  ];
  return (
    <p
      class="stats"
      title={t("call:statsTitle")}
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
