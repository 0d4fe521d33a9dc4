/** The menu's entries for devices and for looking into calls. */
import { batch } from "@preact/signals";
import { checkOpen } from "../../state/check";
import { devicesOpen } from "../../state/devices";
import { selectedRoom } from "../../state/store";
import { tracesOpen } from "../../state/traces";
import { t } from "../../text/i18n";

export function ToolsMenu() {
  return (
    <>
      <Entry
        label={t("devices:title")}
        testid="menu-devices"
        onChoose={() => {
          devicesOpen.value = true;
        }}
      />
      <Entry label={t("check:open")} testid="menu-check" onChoose={openCheck} />
      <Entry
        label={t("stats:traces")}
        testid="menu-traces"
        onChoose={() => {
          tracesOpen.value = true;
        }}
      />
    </>
  );
}

function openCheck() {
  batch(() => {
    selectedRoom.value = null;
    checkOpen.value = true;
  });
}

function Entry(props: { label: string; testid: string; onChoose: () => void }) {
  return (
    <button
      type="button"
      class="button wide"
      onClick={(event) => {
        event.currentTarget.closest("details")?.removeAttribute("open");
        props.onChoose();
      }}
      data-testid={props.testid}
    >
      {props.label}
    </button>
  );
}
