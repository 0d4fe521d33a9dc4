/** Opens the devices, beside the buttons that place or answer a call. */
import { devicesOpen } from "../../state/devices";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";

export function DevicesButton() {
  return (
    <button
      type="button"
      class="round plain"
      aria-label={t("devices:open")}
      title={t("devices:open")}
      onClick={() => {
        devicesOpen.value = true;
      }}
      data-testid="open-devices"
    >
      <Icon name="sliders" />
    </button>
  );
}
