/** A microphone or camera opened to be looked at: the call's own where there is a call. */
import { useEffect, useState } from "preact/hooks";
import { openPicture, openSound } from "../../media/constraints";
import { listDevices } from "../../media/devicelist";
import { deviceChoices, devicesInUse } from "../../state/devices";
import { call } from "../../state/store";
import { mediaProblem } from "../../text/reasons";

export interface Preview {
  stream: MediaStream | null;
  /** A sentence; empty while all is well. */
  problem: string;
}

const NOTHING: Preview = { stream: null, problem: "" };

export function usePreview(kind: "microphone" | "camera", wanted: boolean): Preview {
  const [preview, setPreview] = useState<Preview>(NOTHING);
  const live = liveStream(kind);
  const device = devicesInUse.value[kind];
  const choices = deviceChoices.value;
  const processing = `${choices.noiseSuppression} ${choices.echoCancellation} ${choices.autoGainControl}`;
  useEffect(() => {
    if (!wanted || live) return;
    let track: MediaStreamTrack | null = null;
    let gone = false;
    const open = kind === "microphone" ? openSound(device, choices) : openPicture(device);
    open
      .then((opened) => {
        track = opened;
        if (gone) opened.stop();
        else setPreview({ stream: new MediaStream([opened]), problem: "" });
        void listDevices(); // Now with names.
      })
      .catch((error: DOMException) => {
        const name = kind === "camera" && error.name === "NotFoundError" ? "no-camera" : error.name;
        if (!gone) setPreview({ stream: null, problem: mediaProblem(name) });
      });
    return () => {
      gone = true;
      track?.stop();
      setPreview(NOTHING);
    };
  }, [wanted, live !== null, device, kind === "microphone" && processing]);
  return live ? { stream: live, problem: "" } : preview;
}

/** A second opening of the same microphone silences the first on some telephones. */
function liveStream(kind: "microphone" | "camera"): MediaStream | null {
  const stream = call.value?.localStream ?? null;
  const tracks = kind === "microphone" ? stream?.getAudioTracks() : stream?.getVideoTracks();
  return tracks?.length ? stream : null;
}
