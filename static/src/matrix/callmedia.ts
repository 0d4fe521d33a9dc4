/** What a person sends into the call on the stage: voice, picture, screen, digits. */
import * as store from "../state/store";
import { t } from "../text/i18n";
import * as lines from "./lines";

export async function setMicMuted(muted: boolean) {
  await lines.current().stage?.call.setMicrophoneMuted(muted);
  lines.refresh();
}

export async function setCameraOff(off: boolean) {
  const found = lines.current().stage;
  if (!found) return;
  const isOff = await found.call.setLocalVideoMuted(off);
  if (!off) found.video = !isOff;
  if (!off && isOff) store.tell(t("call:cameraStays", { name: found.peer }), "problem");
  lines.refresh();
}

/** A share that the person refuses in the browser's own dialog simply does not begin. */
export async function shareScreen(on: boolean) {
  const call = lines.current().stage?.call;
  if (!call) return;
  await call.setScreensharingEnabled(on, { audio: false });
  for (const track of call.localScreensharingStream?.getTracks() ?? []) {
    // The browser has a "Stop sharing" of its own.
    track.onended = () => void call.setScreensharingEnabled(false).then(lines.refresh);
  }
  lines.refresh();
}

/** One of 0-9, *, #. Digits that are pressed quickly wait for each other. */
export function pressKey(digit: string) {
  const senders = lines.current().stage?.call.peerConn?.getSenders() ?? [];
  const dtmf = senders.find((each) => each.track?.kind === "audio")?.dtmf;
  // W3C WebRTC, insertDTMF: it replaces the tones that wait, so they are passed on again.
  dtmf?.insertDTMF(dtmf.toneBuffer + digit);
}
