/** What is wanted less often than mute and hang up: hold, keypad, screen, transfer. */
import { useState } from "preact/hooks";
import { shareScreen } from "../../matrix/callmedia";
import { hold } from "../../matrix/calls";
import type { CallView } from "../../state/types";
import { t } from "../../text/i18n";
import { Icon, type IconName } from "../parts/Icon";
import { Keypad } from "./Keypad";
import { TransferDialog } from "./TransferDialog";

/** Phones have no such function at all. */
const CAN_SHARE = "getDisplayMedia" in (navigator.mediaDevices ?? {});

export function CallTools({ call }: { call: CallView }) {
  const [open, setOpen] = useState<"keypad" | "transfer" | null>(null);
  if (call.phase !== "connected") return null;
  const close = () => setOpen(null);
  return (
    <>
      {open === "keypad" && !call.held && <Keypad onClose={close} />}
      {open === "transfer" && <TransferDialog call={call} onClose={close} />}
      <div class="tools" role="toolbar" aria-label={t("lines:tools")}>
        <Tool
          icon={call.held ? "play" : "pause"}
          label={t(call.held ? "lines:resume" : "lines:hold")}
          on={call.held}
          onClick={() => hold(!call.held)}
          testid="hold"
        />
        {call.takesDigits && (
          <Tool
            icon="keypad"
            label={t("lines:keypad")}
            on={open === "keypad"}
            disabled={call.held}
            onClick={() => setOpen(open === "keypad" ? null : "keypad")}
            testid="keypad"
          />
        )}
        {CAN_SHARE && (
          <Tool
            icon="screen"
            label={t(call.ownScreen ? "lines:stopSharing" : "lines:share")}
            on={call.ownScreen !== null}
            disabled={call.held}
            onClick={() => void shareScreen(call.ownScreen === null)}
            testid="share-screen"
          />
        )}
        <Tool
          icon="forward"
          label={t(call.transferable ? "lines:transfer" : "lines:second")}
          on={false}
          onClick={() => setOpen("transfer")}
          testid="transfer"
        />
      </div>
    </>
  );
}

interface ToolProps {
  icon: IconName;
  label: string;
  on: boolean;
  disabled?: boolean;
  onClick: () => void;
  testid: string;
}

function Tool({ icon, label, on, disabled = false, onClick, testid }: ToolProps) {
  return (
    <button
      type="button"
      class={on ? "tool tool-on" : "tool"}
      disabled={disabled}
      onClick={onClick}
      data-testid={testid}
      data-on={on}
    >
      <Icon name={icon} />
      {label}
    </button>
  );
}
