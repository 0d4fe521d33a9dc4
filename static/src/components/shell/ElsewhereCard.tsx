/** Two tabs must not share one device's keys: the person chooses the tab. */

import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";

export function ElsewhereCard({ onTake }: { onTake: () => void }) {
  return (
    <main class="centre">
      <div class="mark">
        <Icon name="phone" />
      </div>
      <h1>{t("elsewhere")}</h1>
      <p class="soft">{t("elsewhereMore")}</p>
      <button type="button" class="button primary" onClick={onTake} data-testid="use-here">
        {t("useHere")}
      </button>
    </main>
  );
}
