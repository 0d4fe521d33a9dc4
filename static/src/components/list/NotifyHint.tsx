/** Asks, once somebody may call, whether the system may tell of calls. */
import { useState } from "preact/hooks";
import { mayAsk, refuse, request } from "../../notify/permission";
import { call, rooms, tell } from "../../state/store";
import { t } from "../../text/i18n";
import { asked } from "../trust/TrustBanner";

export function NotifyHint() {
  const [asking, setAsking] = useState(mayAsk);
  const busy = asked() !== null || call.value !== null;
  if (!asking || busy || !rooms.value.some((each) => each.inviter === null)) return null;
  return (
    <div class="notify" data-testid="notify-hint">
      <p>{t("people:notifyHint")}</p>
      <button
        type="button"
        class="button small primary"
        onClick={async () => {
          // The browser asks only on a click.
          if (!(await request())) tell(t("people:notifyRefused"));
          setAsking(false);
        }}
        data-testid="notify-allow"
      >
        {t("people:notifyAllow")}
      </button>
      <button
        type="button"
        class="button small"
        onClick={() => {
          refuse();
          setAsking(false);
        }}
        data-testid="notify-not"
      >
        {t("people:notifyNot")}
      </button>
    </div>
  );
}
