/** A recording in the room: play, seek by the waveform, save. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Attachment } from "../../state/types";
import { t } from "../../text/i18n";
import { clock } from "../../text/time";
import { Icon } from "../parts/Icon";
import { save, useAttachment } from "./useAttachment";
import { Waveform } from "./Waveform";

export function Recording({ attachment }: { attachment: Attachment }) {
  const { url, busy, problem, fetchIt } = useAttachment(attachment);
  const audio = useRef<HTMLAudioElement>(null);
  const [wanted, setWanted] = useState(false);
  const [playing, setPlaying] = useState(false);
  const [position, setPosition] = useState(0);
  const [measured, setMeasured] = useState<number | null>(null);
  const [fault, setFault] = useState("");
  const length = measured ?? attachment.duration ?? 0;

  useEffect(() => {
    if (!url || !wanted) return;
    setWanted(false);
    audio.current?.play().catch(() => setFault(t("room:cannotPlay")));
  }, [url, wanted]);

  const toggle = async () => {
    if (playing) audio.current?.pause();
    else if (await fetchIt()) setWanted(true);
  };

  return (
    <div class="recording" data-testid="recording" data-playing={playing} data-position={position}>
      <button
        type="button"
        class="round primary"
        aria-label={t(playing ? "room:pauseRecording" : "room:playRecording")}
        disabled={busy}
        onClick={() => void toggle()}
        data-testid="play-recording"
      >
        <Icon name={playing ? "pause" : "play"} />
      </button>
      <span class="recording-track">
        <Waveform values={attachment.waveform} played={length ? position / length : 0} />
        <input
          type="range"
          aria-label={t("room:position")}
          min={0}
          max={length || 1}
          step={0.1}
          value={position}
          disabled={!url}
          onInput={(event) => {
            if (audio.current) audio.current.currentTime = Number(event.currentTarget.value);
          }}
        />
      </span>
      <span class="recording-time">{clock(playing || position ? position : length)}</span>
      <button
        type="button"
        class="round plain"
        aria-label={t("room:saveRecording")}
        onClick={() => void fetchIt().then((found) => found && save(found, attachment.name))}
      >
        <Icon name="download" />
      </button>
      {/* biome-ignore lint/a11y/useMediaCaption: recordings of calls come without captions */}
      <audio
        ref={audio}
        src={url ?? undefined}
        onPlay={(event) => {
          hushOthers(event.currentTarget);
          setPlaying(true);
        }}
        onPause={() => setPlaying(false)}
        onEnded={() => setPosition(0)}
        onTimeUpdate={(event) => setPosition(event.currentTarget.currentTime)}
        onDurationChange={(event) => {
          const found = event.currentTarget.duration;
          if (Number.isFinite(found)) setMeasured(found);
        }}
      />
      {(problem || fault) && (
        <p class="problem" role="alert">
          {problem || fault}
        </p>
      )}
    </div>
  );
}

/** Two voices at once are understood by nobody. */
function hushOthers(mine: HTMLAudioElement) {
  for (const other of document.querySelectorAll("audio")) if (other !== mine) other.pause();
}
