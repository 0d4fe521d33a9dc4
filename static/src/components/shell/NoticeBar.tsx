/** The last thing the person was told: why a call ended, what could not be done. */
import { placeCall } from "../../matrix/calls";
import { call, notice } from "../../state/store";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";

export function NoticeBar() {
  const shown = notice.value;
  const retry = shown?.retry;
  return (
    <div role="status" data-testid="notice">
      {shown && (
        <div class={`notice notice-${shown.tone}`}>
          <p>{shown.text}</p>
          {retry && !call.value && (
            <button
              type="button"
              class="button small"
              onClick={() => void placeCall(retry.roomId, retry.video)}
            >
              {t("call:again")}
            </button>
          )}
          <button
            type="button"
            class="round plain"
            aria-label={t("dismiss")}
            onClick={() => {
              notice.value = null;
            }}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}
