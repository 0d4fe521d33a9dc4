/** There is no network, or a newer page is there. */
import { offline, update, updateReady } from "../../offline/updates";
import { call, incoming } from "../../state/store";
import { t } from "../../text/i18n";

export function PageStatus() {
  // Loading the new version would end a call.
  const offered = updateReady.value && !call.value && !incoming.value;
  return (
    <div role="status" data-testid="page-status">
      {offline.value && <p class="connection connection-reconnecting">{t("offline")}</p>}
      {offered && (
        <div class="notice">
          <p>{t("newVersion")}</p>
          <button type="button" class="button small" onClick={update} data-testid="update">
            {t("reload")}
          </button>
        </div>
      )}
    </div>
  );
}
