/** In a call: an unexpected device or identity. It says so and stays out of the way. */
import { alerts, type TrustAlert } from "../../state/trust";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";
import "../../style/trust.css";
import { ShieldIcon } from "./ShieldIcon";

export function TrustAlerts() {
  return (
    <div role="status" data-testid="trust-alerts">
      {alerts.value.map((alert) => (
        <div
          key={`${alert.kind} ${alert.userId} ${alert.device}`}
          class="notice notice-problem"
          data-kind={alert.kind}
        >
          <ShieldIcon kind="warn" />
          <p>
            {t(alert.kind === "device" ? "trust:newDevice" : "trust:newIdentity", {
              name: alert.name,
              device: alert.device,
            })}
          </p>
          <button
            type="button"
            class="round plain"
            aria-label={t("dismiss")}
            onClick={() => dismiss(alert)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}

function dismiss(alert: TrustAlert) {
  alerts.value = alerts.value.filter((each) => each !== alert);
}
