/** The calls since the page was opened, each with its trace to save. */
import { traces, tracesOpen } from "../../state/traces";
import { language, t } from "../../text/i18n";
import type { Trace } from "../../trace/record";
import { Icon } from "../parts/Icon";
import { Sheet } from "../parts/Sheet";
import { saveTrace } from "./saveTrace";

export function TracesDialog() {
  const close = () => {
    tracesOpen.value = false;
  };
  const found = traces.value;
  return (
    <Sheet title={t("stats:traces")} testid="traces" onClose={close}>
      <p class="soft">{t("stats:tracesMore")}</p>
      {found.length === 0 && <p>{t("stats:noTraces")}</p>}
      <ul class="trace-list">
        {found.map((trace) => (
          <TraceLine key={trace.id} trace={trace} />
        ))}
      </ul>
    </Sheet>
  );
}

function TraceLine({ trace }: { trace: Trace }) {
  const time = new Date(trace.began).toLocaleTimeString(language.value);
  return (
    <li>
      <span>
        {time} · {t(trace.direction === "inbound" ? "stats:inbound" : "stats:outbound")}
        <small class="soft">{trace.id}</small>
      </span>
      <button
        type="button"
        class="button small"
        aria-label={t("stats:saveOf", { time })}
        onClick={() => saveTrace(trace)}
        data-testid="save-trace"
      >
        <Icon name="download" /> {t("stats:save")}
      </button>
    </li>
  );
}
