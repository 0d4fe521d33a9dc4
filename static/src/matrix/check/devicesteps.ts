/** Does the microphone hear anything, does the camera see anything? */
import { openPicture, openSound } from "../../media/constraints";
import { watchLevel } from "../../media/level";
import type { Outcome } from "../../state/check";
import { deviceChoices, devicesInUse } from "../../state/devices";
import { t } from "../../text/i18n";
import { mediaProblem } from "../../text/reasons";
import { failed, passed, skipped, type Tell, warned } from "./run";

const LISTEN_MS = 3000;
/** On the meter's scale, from which on somebody speaks; a quiet room is below. */
const SPEECH = 0.35;
const SILENCE = 0.02;
const PICTURE_WITHIN_MS = 5000;

export async function microphoneStep(tell: Tell): Promise<Outcome> {
  if (!navigator.mediaDevices) return failed(t("check:microphoneNone"), mediaProblem("insecure"));
  let track: MediaStreamTrack;
  try {
    track = await openSound(devicesInUse.value.microphone, deviceChoices.value);
  } catch (error) {
    return failed(t("check:microphoneNone"), mediaProblem((error as DOMException).name));
  }
  try {
    tell(t("check:speak"));
    const loudest = await listen(new MediaStream([track]));
    const found = { name: track.label, level: Math.round(100 * loudest) };
    if (loudest >= SPEECH) return passed(t("check:microphoneHears", found));
    if (loudest > SILENCE) return warned(t("check:microphoneFaint", found), t("check:speakLouder"));
    return failed(t("check:microphoneSilent", found), t("check:microphoneRemedy"));
  } finally {
    track.stop();
  }
}

/** The loudest within the time; sooner where somebody speaks. */
function listen(stream: MediaStream): Promise<number> {
  return new Promise((resolve) => {
    let loudest = 0;
    const stop = watchLevel(stream, (level) => {
      loudest = Math.max(loudest, level);
      if (loudest >= SPEECH) end();
    });
    const timer = setTimeout(() => end(), LISTEN_MS);
    const end = () => {
      clearTimeout(timer);
      stop();
      resolve(loudest);
    };
  });
}

export async function cameraStep(): Promise<Outcome> {
  if (!navigator.mediaDevices) return failed(t("check:cameraNone"), mediaProblem("insecure"));
  let track: MediaStreamTrack;
  try {
    track = await openPicture(devicesInUse.value.camera);
  } catch (error) {
    const { name } = error as DOMException;
    if (name === "NotFoundError") return skipped(t("check:cameraNone"));
    return warned(t("check:cameraRefused"), mediaProblem(name));
  }
  try {
    const size = await firstPicture(new MediaStream([track]));
    if (!size) return failed(t("check:cameraDark"), t("check:cameraRemedy"));
    return passed(t("check:cameraSees", { name: track.label, ...size }));
  } finally {
    track.stop();
  }
}

async function firstPicture(
  stream: MediaStream,
): Promise<{ width: number; height: number } | null> {
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = stream;
  try {
    await new Promise<void>((resolve, reject) => {
      video.addEventListener("loadeddata", () => resolve());
      setTimeout(reject, PICTURE_WITHIN_MS);
      video.play().catch(reject);
    });
    return { width: video.videoWidth, height: video.videoHeight };
  } catch {
    return null;
  } finally {
    video.srcObject = null;
  }
}
