/**
 * The chosen microphone and camera in the calls that run.
 *
 * matrix-js-sdk's MediaHandler is told what to open for the next call. In a call only the track that
 * changes is replaced: the handler's own update would stop all of them, the camera going dark for a
 * change of the microphone, and fails while another call rings.
 */
import { effect } from "@preact/signals";
import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import type { MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { openPicture, openSound } from "../media/constraints";
import { listDevices, watchDeviceList } from "../media/devicelist";
import { choose, deviceChoices, devicesInUse } from "../state/devices";
import * as store from "../state/store";
import { t } from "../text/i18n";
import { mediaProblem } from "../text/reasons";
import { liveCalls } from "./callof";
import { running } from "./current";

const watched = new WeakSet<MediaStreamTrack>();

/** Keeps the SDK and the calls at what is chosen, until it is called off. */
export function watchDevices(client: MatrixClient): () => void {
  healRefusals(client);
  const unwatchList = watchDeviceList(() => {
    missSpeaker();
    void repair();
  });
  const stopPreparing = effect(() => prepare(client));
  const stopFollowing = effect(() => {
    if (store.call.value?.localStream) followTracks();
  });
  return () => {
    unwatchList();
    stopPreparing();
    stopFollowing();
  };
}

/**
 * The SDK opens one device after the other on a chain of promises, which stays broken once the person
 * has refused one: every later call would fail as well, though they allow it then.
 */
function healRefusals(client: MatrixClient) {
  const handler = client.getMediaHandler();
  const open = handler.getUserMediaStream.bind(handler);
  handler.getUserMediaStream = (...wanted) =>
    open(...wanted).catch((error: unknown) => {
      Object.assign(handler, { getMediaStreamPromise: undefined });
      throw error;
    });
}

let speaker = "";

/** Elements take the default by themselves (StreamVideo); the person is told. */
function missSpeaker() {
  const gone = speaker !== "" && devicesInUse.value.speaker === "";
  if (gone && speaker === deviceChoices.value.speaker && store.call.value) {
    store.tell(t("devices:speakerGone"), "problem");
  }
  speaker = devicesInUse.value.speaker;
}

/** What the next call opens. */
function prepare(client: MatrixClient) {
  const { noiseSuppression, echoCancellation, autoGainControl } = deviceChoices.value;
  const { microphone, camera } = devicesInUse.value;
  const handler = client.getMediaHandler();
  handler.restoreMediaSettings(microphone, camera);
  // Not setAudioSettings(): that opens every device again.
  (handler as unknown as { audioSettings: object }).audioSettings = {
    noiseSuppression,
    echoCancellation,
    autoGainControl,
  };
}

/** Uses another microphone, now and later; the same one opens it anew, with new processing. */
export async function useMicrophone(change: Parameters<typeof choose>[0]) {
  choose(change);
  await eachCall("audio", () => openSound(devicesInUse.value.microphone, deviceChoices.value));
}

export async function useCamera(id: string) {
  choose({ camera: id });
  await eachCall("video", () => openPicture(devicesInUse.value.camera));
}

type Kind = "audio" | "video";

/** Replaces the track of that kind in each call that has one. Tells the person what failed. */
async function eachCall(kind: Kind, open: () => Promise<MediaStreamTrack>) {
  for (const call of liveCalls()) {
    const old = trackOf(call, kind);
    if (!old) continue;
    try {
      await replace(call, old, await open());
    } catch (error) {
      store.tell(mediaProblem(error instanceof DOMException ? error.name : ""), "problem");
    }
  }
  prepare(running());
}

function trackOf(call: MatrixCall, kind: Kind): MediaStreamTrack | undefined {
  return call.localUsermediaStream?.getTracks().find((each) => each.kind === kind);
}

async function replace(call: MatrixCall, old: MediaStreamTrack, next: MediaStreamTrack) {
  const stream = call.localUsermediaStream;
  if (!stream || call.callHasEnded()) {
    next.stop();
    return;
  }
  next.enabled = old.enabled; // Muted or on hold stays so.
  const sender = call.peerConn?.getSenders().find((each) => each.track === old);
  await sender?.replaceTrack(next);
  stream.removeTrack(old);
  stream.addTrack(next);
  old.stop();
  follow(next);
  store.call.value = store.call.value && { ...store.call.value };
}

/** Tracks end by themselves when their device is unplugged or taken away. */
function followTracks() {
  for (const call of liveCalls()) call.localUsermediaStream?.getTracks().forEach(follow);
  // Names are known once a device was opened.
  void listDevices();
}

function follow(track: MediaStreamTrack) {
  if (watched.has(track)) return;
  watched.add(track);
  track.addEventListener("ended", () => void repair());
}

/** Takes the default in place of what is gone, and says so. */
export async function repair() {
  for (const call of liveCalls()) {
    for (const kind of ["audio", "video"] as const) {
      const old = trackOf(call, kind);
      if (old?.readyState === "ended") await takeDefault(call, old, kind);
    }
  }
}

async function takeDefault(call: MatrixCall, old: MediaStreamTrack, kind: Kind) {
  const name = old.label || t(kind === "audio" ? "devices:microphone" : "devices:camera");
  try {
    const next = await (kind === "audio" ? openSound("", deviceChoices.value) : openPicture(""));
    await replace(call, old, next);
    store.tell(t("devices:fellBack", { name, other: next.label }), "problem");
  } catch {
    await goWithout(call, old, kind);
    store.tell(
      t(kind === "audio" ? "devices:noneLeft" : "devices:cameraGone", { name }),
      "problem",
    );
  }
}

/** The other side is told. Without the track, switching it on again asks for a device that is there. */
async function goWithout(call: MatrixCall, old: MediaStreamTrack, kind: Kind) {
  const video = kind === "video";
  call.localUsermediaStream?.removeTrack(old);
  call.localUsermediaFeed?.setAudioVideoMuted(video ? null : true, video ? true : null);
  await call.sendMetadataUpdate().catch(() => {});
  const muted = video ? { cameraOff: true } : { micMuted: true };
  store.call.value = store.call.value && { ...store.call.value, ...muted };
}
