/** A device that is unplugged or refused in mid-call: the call goes on without it. */
import type { MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { tell } from "../state/store";
import { t } from "../text/i18n";

/** To be called again whenever the call may have other tracks. */
export function guardDevices(call: MatrixCall, changed: () => void) {
  for (const track of call.localUsermediaStream?.getTracks() ?? []) {
    // Fires when the browser ends a track, never when we stop it.
    track.onended = () => void goOnWithout(call, track, changed);
  }
}

async function goOnWithout(call: MatrixCall, track: MediaStreamTrack, changed: () => void) {
  const video = track.kind === "video";
  tell(t(video ? "lines:cameraGone" : "lines:microphoneGone"), "problem");
  // Without the track, switching it on again asks for a device that is there.
  call.localUsermediaStream?.removeTrack(track);
  call.localUsermediaFeed?.setAudioVideoMuted(video ? null : true, video ? true : null);
  changed();
  await call.sendMetadataUpdate().catch(() => {});
}
