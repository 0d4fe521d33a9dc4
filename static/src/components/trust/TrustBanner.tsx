/** Asks kindly, once a visit: set up recovery, or confirm this device. Calls work without. */
import { call, connection } from "../../state/store";
import { askedLater, dialog, recoverable, standing } from "../../state/trust";
import { t } from "../../text/i18n";
import "../../style/trust.css";
import { ShieldIcon } from "./ShieldIcon";

export function TrustBanner() {
  const what = asked();
  if (!what) return null;
  return (
    <aside class="trust-banner" aria-label={t("trust:encryption")} data-testid="trust-banner">
      <ShieldIcon kind="open" />
      <p>{t(what === "confirm" ? "trust:askConfirm" : "trust:askSetUp")}</p>
      <div class="trust-banner-answers">
        <button
          type="button"
          class="button small primary"
          onClick={() => {
            dialog.value = "encryption";
          }}
          data-testid="trust-begin"
        >
          {t(what === "confirm" ? "trust:confirmDevice" : "trust:setUp")}
        </button>
        <button
          type="button"
          class="button small"
          onClick={() => {
            askedLater.value = true;
          }}
          data-testid="trust-later"
        >
          {t("trust:later")}
        </button>
      </div>
    </aside>
  );
}

/** What is asked now, if anything: other requests wait until it is answered. */
export function asked(): "confirm" | "setup" | null {
  if (askedLater.value || call.value || connection.value !== "online") return null;
  return question();
}

function question(): "confirm" | "setup" | null {
  if (standing.value === "unverified") return "confirm";
  if (standing.value === "new") return "setup";
  return standing.value === "verified" && !recoverable.value ? "setup" : null;
}
