/** All calls, the newest first: who, when, what became of it, and a button to call back. */
import { useEffect, useState } from "preact/hooks";
import { showEarlierCalls } from "../../matrix/history";
import { history, historyMore, markSeen } from "../../state/history";
import { tell } from "../../state/store";
import { t } from "../../text/i18n";
import { HistoryRow } from "./HistoryRow";

export function HistoryView() {
  const [onlyMissed, setOnlyMissed] = useState(false);
  const [busy, setBusy] = useState(false);
  // Seen when the person leaves the list, so that what is new is marked while they look.
  useEffect(() => markSeen, []);
  const shown = onlyMissed
    ? history.value.filter((each) => each.outcome === "missed")
    : history.value;
  const earlier = async () => {
    setBusy(true);
    await showEarlierCalls().catch(() => tell(t("room:earlierFailed"), "problem"));
    setBusy(false);
  };
  return (
    <div class="rows" data-testid="history">
      <fieldset class="chips" aria-label={t("history:views")}>
        <Chip on={!onlyMissed} onClick={() => setOnlyMissed(false)} testid="history-all">
          {t("history:all")}
        </Chip>
        <Chip on={onlyMissed} onClick={() => setOnlyMissed(true)} testid="history-missed">
          {t("history:onlyMissed")}
        </Chip>
      </fieldset>
      <ul>
        {shown.map((each) => (
          <HistoryRow call={each} key={each.id} />
        ))}
      </ul>
      {shown.length === 0 && (
        <p class="empty soft">{t(onlyMissed ? "history:noneMissed" : "history:none")}</p>
      )}
      {historyMore.value && (
        <button
          type="button"
          class="button small history-more"
          disabled={busy}
          onClick={() => void earlier()}
          data-testid="history-earlier"
        >
          {t(busy ? "room:fetching" : "history:earlier")}
        </button>
      )}
    </div>
  );
}

interface ChipProps {
  on: boolean;
  onClick: () => void;
  testid: string;
  children: string;
}

function Chip({ on, onClick, testid, children }: ChipProps) {
  return (
    <button type="button" class="chip" aria-pressed={on} onClick={onClick} data-testid={testid}>
      {children}
    </button>
  );
}
