/** The small buttons of the stage: how it is laid out, devices, connection. */
import { useEffect, useState } from "preact/hooks";
import { devicesOpen } from "../../state/devices";
import { arrange, layoutChoices, messagesOpen, statsOpen } from "../../state/layout";
import { t } from "../../text/i18n";
import { Icon, type IconName } from "../parts/Icon";
import { canFloat, floating, toggleFloating } from "./floating";

export function StageTools() {
  const { tiles, selfHidden } = layoutChoices.value;
  const full = useFullscreen();
  return (
    <div class="view-tools" role="toolbar" aria-label={t("layout:tools")}>
      <Tool
        icon={tiles ? "speaker" : "tiles"}
        label={t(tiles ? "layout:speaker" : "layout:tiles")}
        onClick={() => arrange({ tiles: !tiles })}
        testid="layout"
      />
      {selfHidden && (
        <Tool
          icon="person"
          label={t("layout:showSelf")}
          onClick={() => arrange({ selfHidden: false })}
          testid="show-self"
        />
      )}
      {canFloat() && (
        <Tool
          icon="pip"
          label={t(floating.value ? "layout:leavePip" : "layout:pip")}
          onClick={() => void toggleFloating()}
          testid="pip"
        />
      )}
      {document.fullscreenEnabled && (
        <Tool
          icon={full ? "shrink" : "expand"}
          label={t(full ? "layout:leaveFullscreen" : "layout:fullscreen")}
          onClick={toggleFullscreen}
          testid="fullscreen"
        />
      )}
      <Tool
        icon="sliders"
        label={t("devices:open")}
        onClick={() => {
          devicesOpen.value = true;
        }}
        testid="open-devices"
      />
      <Tool
        icon="chat"
        label={t("room:messages")}
        onClick={() => {
          messagesOpen.value = !messagesOpen.value;
        }}
        pressed={messagesOpen.value}
        testid="open-messages"
      />
      <Tool
        icon="signal"
        label={t("stats:open")}
        onClick={() => {
          statsOpen.value = !statsOpen.value;
        }}
        pressed={statsOpen.value}
        testid="open-stats"
      />
    </div>
  );
}

interface ToolProps {
  icon: IconName;
  label: string;
  onClick: (event: MouseEvent) => void;
  pressed?: boolean;
  testid: string;
}

function Tool({ icon, label, onClick, pressed, testid }: ToolProps) {
  return (
    <button
      type="button"
      class="view-tool"
      aria-label={label}
      aria-pressed={pressed}
      title={label}
      onClick={onClick}
      data-testid={testid}
    >
      <Icon name={icon} />
    </button>
  );
}

function useFullscreen(): boolean {
  const [full, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const onChange = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", onChange);
    return () => document.removeEventListener("fullscreenchange", onChange);
  }, []);
  return full;
}

function toggleFullscreen(event: MouseEvent) {
  const stage = (event.currentTarget as HTMLElement).closest(".stage");
  const done = document.fullscreenElement
    ? document.exitFullscreen()
    : stage?.requestFullscreen({ navigationUI: "hide" });
  done?.catch(() => {}); // Refused: it stays as it is, which is seen.
}
