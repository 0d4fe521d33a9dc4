/** Mute, camera, hang up. */
import { hangUp, setCameraOff, setMicMuted } from "../matrix/calls";
import type { CallView } from "../state/types";
import { Icon, type IconName } from "./Icon";

export function CallControls({ call }: { call: CallView }) {
  const ready = call.localStream !== null;
  return (
    <div class="controls" role="toolbar" aria-label="Call controls">
      <Toggle
        on={call.micMuted}
        icon={call.micMuted ? "micOff" : "mic"}
        label={call.micMuted ? "Unmute" : "Mute"}
        disabled={!ready}
        onClick={() => void setMicMuted(!call.micMuted)}
        testid="mute"
      />
      <Toggle
        on={call.cameraOff && call.video}
        icon={call.cameraOff && call.video ? "videoOff" : "video"}
        label={call.cameraOff ? (call.video ? "Camera on" : "Add video") : "Camera off"}
        disabled={!ready || call.phase !== "connected"}
        onClick={() => void setCameraOff(!call.cameraOff)}
        testid="camera"
      />
      <button type="button" class="control hangup" onClick={hangUp} data-testid="hang-up">
        <span class="control-face">
          <Icon name="hangup" />
        </span>
        {call.phase === "calling" || call.phase === "starting" ? "Cancel" : "Hang up"}
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
