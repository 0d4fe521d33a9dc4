/** Mute, camera, hang up. */
import { setCameraOff, setMicMuted } from "../../matrix/callmedia";
import { hangUp } from "../../matrix/calls";
import type { CallView } from "../../state/types";
import { t } from "../../text/i18n";
import { Icon, type IconName } from "../parts/Icon";

export function CallControls({ call }: { call: CallView }) {
  const ready = call.localStream !== null;
  return (
    <div class="controls" role="toolbar" aria-label={t("call:controls")}>
      <Toggle
        on={call.micMuted}
        icon={call.micMuted ? "micOff" : "mic"}
        label={t(call.micMuted ? "call:unmute" : "call:mute")}
        disabled={!ready}
        onClick={() => void setMicMuted(!call.micMuted)}
        testid="mute"
      />
      <Toggle
        on={call.cameraOff && call.video}
        icon={call.cameraOff && call.video ? "videoOff" : "video"}
        label={t(
          call.cameraOff ? (call.video ? "call:cameraOn" : "call:addVideo") : "call:cameraOff",
        )}
        disabled={!ready || call.phase !== "connected"}
        onClick={() => void setCameraOff(!call.cameraOff)}
        testid="camera"
      />
      <button type="button" class="control hangup" onClick={hangUp} data-testid="hang-up">
        <span class="control-face">
          <Icon name="hangup" />
        </span>
        {t(call.phase === "calling" || call.phase === "starting" ? "call:cancel" : "call:hangUp")}
      </button>
    </div>
  );
}

interface ToggleProps {
  on: boolean;
  icon: IconName;
  label: string;
  disabled: boolean;
  onClick: () => void;
  testid: string;
}

function Toggle({ on, icon, label, disabled, onClick, testid }: ToggleProps) {
  return (
    <button
      type="button"
      class={on ? "control control-on" : "control"}
      disabled={disabled}
      onClick={onClick}
      data-testid={testid}
      data-on={on}
    >
      <span class="control-face">
        <Icon name={icon} />
      </span>
      {label}
    </button>
  );
}
