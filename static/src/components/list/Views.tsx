/** Conversations or calls: what the list shows. */
import { missed } from "../../state/history";
import { t } from "../../text/i18n";

export type View = "conversations" | "calls";

export function Views({ view, onView }: { view: View; onView: (view: View) => void }) {
  const count = missed.value;
  return (
    <fieldset class="views" aria-label={t("history:views")}>
      <button
        type="button"
        class="view"
        aria-pressed={view === "conversations"}
        onClick={() => onView("conversations")}
        data-testid="view-conversations"
      >
        {t("history:conversations")}
      </button>
      <button
        type="button"
        class="view"
        aria-pressed={view === "calls"}
        onClick={() => onView("calls")}
        data-testid="view-calls"
      >
        {t("history:calls")}
        {count > 0 && (
          <span class="badge badge-missed" data-testid="missed">
            <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
            <span class="unseen">{t("history:missed", { count })}</span>
          </span>
        )}
      </button>
    </fieldset>
  );
}
