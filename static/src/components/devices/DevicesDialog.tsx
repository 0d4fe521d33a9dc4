/** Microphone, camera, speaker and how much is sent: before a call and during it. */
import { useState } from "preact/hooks";
import { useCamera, useMicrophone } from "../../matrix/devices";
import { playNotes } from "../../media/level";
import { choose, deviceChoices, deviceList, devicesInUse, devicesOpen } from "../../state/devices";
import { t } from "../../text/i18n";
import { Sheet } from "../parts/Sheet";
import { StreamVideo } from "../parts/StreamVideo";
import { BandwidthChoice } from "./BandwidthChoice";
import { DeviceSelect } from "./DeviceSelect";
import { LevelMeter } from "./LevelMeter";
import { usePreview } from "./usePreview";

export function DevicesDialog() {
  const close = () => {
    devicesOpen.value = false;
  };
  return (
    <Sheet title={t("devices:title")} testid="devices" onClose={close}>
      <Microphone />
      <Camera />
      <Speaker />
      <BandwidthChoice />
    </Sheet>
  );
}

const PROCESSING = ["noiseSuppression", "echoCancellation", "autoGainControl"] as const;

function Microphone() {
  const { stream, problem } = usePreview("microphone", true);
  return (
    <section class="device">
      <DeviceSelect kind="microphone" onChoose={(id) => void useMicrophone({ microphone: id })} />
      {problem ? (
        <p class="problem" data-testid="microphone-problem">
          {problem}
        </p>
      ) : (
        <LevelMeter stream={stream} label={t("devices:level")} />
      )}
      {PROCESSING.map((name) => (
        <label class="switch" key={name}>
          <input
            type="checkbox"
            checked={deviceChoices.value[name]}
            onChange={(event) => void useMicrophone({ [name]: event.currentTarget.checked })}
            data-testid={`choose-${name}`}
          />
          <span>
            {t(`devices:${name}`)}
            <small class="soft">{t(`devices:${name}More`)}</small>
          </span>
        </label>
      ))}
    </section>
  );
}

function Camera() {
  const [wanted, setWanted] = useState(false);
  const { stream, problem } = usePreview("camera", wanted);
  return (
    <section class="device">
      <DeviceSelect kind="camera" onChoose={(id) => void useCamera(id)} />
      {stream && (
        <StreamVideo stream={stream} classes="device-preview" muted testid="camera-preview" />
      )}
      {problem && (
        <p class="problem" data-testid="camera-problem">
          {problem}
        </p>
      )}
      <button
        type="button"
        class="button small"
        aria-pressed={wanted}
        onClick={() => setWanted(!wanted)}
        data-testid="preview"
      >
        {t(wanted ? "devices:previewOff" : "devices:preview")}
      </button>
    </section>
  );
}

/** Safari on telephones has no choice of speaker: the system's own menu has it. */
const CAN_CHOOSE = "setSinkId" in HTMLMediaElement.prototype;

function Speaker() {
  const [problem, setProblem] = useState("");
  const play = () => {
    setProblem("");
    playNotes(devicesInUse.value.speaker).catch(() => setProblem(t("devices:speakerRefused")));
  };
  return (
    <section class="device">
      {CAN_CHOOSE && deviceList.value.speaker.length > 0 && (
        <DeviceSelect kind="speaker" onChoose={(id) => choose({ speaker: id })} />
      )}
      {problem && <p class="problem">{problem}</p>}
      <button type="button" class="button small" onClick={play} data-testid="play-notes">
        {t("devices:playNotes")}
      </button>
    </section>
  );
}
