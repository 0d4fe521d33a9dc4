/** What the connection does: path, rates, loss, delay, and how it sounds. */
import { traceOf } from "../../matrix/tracing";
import { qualityOf } from "../../media/emodel";
import type { Figures } from "../../media/figures";
import type { Picture } from "../../media/report";
import { statsOpen } from "../../state/layout";
import { measured } from "../../state/stats";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";
import type { Curve } from "./curves";
import { Graph } from "./Graph";
import { saveTrace } from "./saveTrace";

export function StatsPanel() {
  const figures = measured.value?.figures ?? [];
  const last = figures.at(-1);
  return (
    <aside class="panel" aria-label={t("stats:title")} data-testid="stats-panel">
      <header class="sheet-head">
        <h2>{t("stats:title")}</h2>
        <button
          type="button"
          class="view-tool"
          aria-label={t("close")}
          onClick={() => {
            statsOpen.value = false;
          }}
          data-testid="close-stats"
        >
          <Icon name="close" />
        </button>
      </header>
      {last ? (
        <>
          <Sound figures={last} />
          <dl class="facts">
            {factsOf(last).map(([name, value]) => (
              <Fact key={name} name={name} value={value} />
            ))}
          </dl>
          <Graphs figures={figures} />
          <SaveTrace callId={measured.value?.callId ?? ""} />
        </>
      ) : (
        <p>{t("stats:nothing")}</p>
      )}
    </aside>
  );
}

function SaveTrace({ callId }: { callId: string }) {
  const save = () => {
    const trace = traceOf(callId);
    if (trace) saveTrace(trace);
  };
  return (
    <button type="button" class="button small" onClick={save} data-testid="save-live-trace">
      {t("stats:trace")}
    </button>
  );
}

function Sound({ figures }: { figures: Figures }) {
  if (figures.mos === null) return null;
  const quality = qualityOf(figures.mos);
  return (
    <p class={`quality quality-${quality}`} title={t("stats:mosMore")}>
      <span>{t("stats:quality")}</span>
      <strong data-testid="mos" data-mos={figures.mos.toFixed(2)}>
        {t(`stats:${quality}`)} · {t("stats:ofBest", { value: figures.mos.toFixed(1) })}
      </strong>
    </p>
  );
}

type FactName =
  | "path"
  | "candidates"
  | "incoming"
  | "outgoing"
  | "loss"
  | "jitter"
  | "roundTrip"
  | "sound"
  | "picture";

function factsOf(now: Figures): [FactName, string][] {
  const { path } = now;
  const facts: [FactName, string | null][] = [
    ["path", path && t(`stats:${path.route}`, { protocol: path.protocol })],
    ["candidates", path && t("stats:pair", { local: path.local, remote: path.remote })],
    ["incoming", t("stats:kbps", { value: Math.round(now.inKbps) })],
    ["outgoing", t("stats:kbps", { value: Math.round(now.outKbps) })],
    [
      "loss",
      t("stats:lossBoth", { incoming: now.lossIn.toFixed(1), outgoing: now.lossOut.toFixed(1) }),
    ],
    ["jitter", milliseconds(now.jitterMs)],
    ["roundTrip", milliseconds(now.roundTripMs)],
    ["sound", now.audioCodec || t("stats:none")],
    ["picture", picturesOf(now)],
  ];
  return facts.filter((each): each is [FactName, string] => each[1] !== null);
}

function milliseconds(value: number | null): string | null {
  return value === null ? null : t("stats:ms", { value: Math.round(value) });
}

function picturesOf({ videoCodec, pictureIn, pictureOut }: Figures): string {
  const size = (picture: Picture) => ({
    width: picture.width,
    height: picture.height,
    fps: Math.round(picture.perSecond),
  });
  const parts = [
    videoCodec,
    pictureIn && t("stats:pictureIn", size(pictureIn)),
    pictureOut && t("stats:pictureOut", size(pictureOut)),
  ];
  // Lines break between the parts, not within one.
  const whole = parts.flatMap((part) => (part ? [part.replaceAll(" ", "\u00a0")] : []));
  return whole.join(" · ") || t("stats:none");
}

function Fact({ name, value }: { name: FactName; value: string }) {
  return (
    <div>
      <dt>{t(`stats:${name}`)}</dt>
      <dd data-testid={`stat-${name}`}>{value}</dd>
    </div>
  );
}

const QUALITY: Curve[] = [{ name: "main", value: (each) => each.mos }];
const RATES: Curve[] = [
  { name: "main", value: (each) => each.inKbps },
  { name: "other", value: (each) => each.outKbps },
];
const DELAYS: Curve[] = [
  { name: "main", value: (each) => each.roundTripMs },
  { name: "other", value: (each) => each.jitterMs },
];

function Graphs({ figures }: { figures: readonly Figures[] }) {
  return (
    <section aria-label={t("stats:lastMinutes")}>
      <Graph
        title={t("stats:graphMos")}
        figures={figures}
        curves={QUALITY}
        lowest={1}
        highest={4.5}
        digits={1}
      />
      <Graph title={t("stats:graphRate")} figures={figures} curves={RATES} least={100} />
      <Graph title={t("stats:graphDelay")} figures={figures} curves={DELAYS} least={50} />
    </section>
  );
}
