/** The menu's entries for devices and for looking into calls. */
import { devicesOpen } from "../../state/devices";
import { t } from "../../text/i18n";

export function ToolsMenu() {
  return (
    <button
      type="button"
      class="button wide"
      onClick={(event) => {
        event.currentTarget.closest("details")?.removeAttribute("open");
        devicesOpen.value = true;
      }}
      data-testid="menu-devices"
    >
      {t("devices:title")}
    </button>
  );
}
