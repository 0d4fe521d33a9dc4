/** What getUserMedia is asked for, by what the person chose. */
import type { DeviceChoices } from "../state/devices";

export type Processing = Pick<
  DeviceChoices,
  "noiseSuppression" | "echoCancellation" | "autoGainControl"
>;

/** `exact` fails where the device is gone; else the browser takes another one. */
export function soundOf(id: string, processing: Processing, exact: boolean): MediaTrackConstraints {
  const { noiseSuppression, echoCancellation, autoGainControl } = processing;
  return {
    ...deviceOf(id, exact),
    noiseSuppression: { ideal: noiseSuppression },
    echoCancellation: { ideal: echoCancellation },
    autoGainControl: { ideal: autoGainControl },
  };
}

/** 640 × 360, as matrix-js-sdk asks for when it places a call. */
export function pictureOf(id: string, exact: boolean): MediaTrackConstraints {
  return { ...deviceOf(id, exact), width: { ideal: 640 }, height: { ideal: 360 } };
}

function deviceOf(id: string, exact: boolean): MediaTrackConstraints {
  return id ? { deviceId: exact ? { exact: id } : { ideal: id } } : {};
}

const GONE = new Set(["OverconstrainedError", "NotFoundError", "NotReadableError"]);

/** Opens the device, or the default where it is gone or taken. Throws what getUserMedia throws. */
export async function openSound(id: string, processing: Processing): Promise<MediaStreamTrack> {
  const open = async (exact: boolean) =>
    (
      await navigator.mediaDevices.getUserMedia({
        audio: soundOf(exact ? id : "", processing, exact),
      })
    ).getAudioTracks()[0];
  return firstOf(open);
}

export async function openPicture(id: string): Promise<MediaStreamTrack> {
  const open = async (exact: boolean) =>
    (
      await navigator.mediaDevices.getUserMedia({ video: pictureOf(exact ? id : "", exact) })
    ).getVideoTracks()[0];
  return firstOf(open);
}

type Open = (exact: boolean) => Promise<MediaStreamTrack | undefined>;

async function firstOf(open: Open): Promise<MediaStreamTrack> {
  const track = await open(true).catch((error: DOMException) => {
    if (GONE.has(error.name)) return open(false);
    throw error;
  });
  if (!track) throw new DOMException("the browser gave no track", "NotFoundError");
  return track;
}
