/**
 * The call in a small window above all others: a document of its own where the browser has that
 * (Document Picture-in-Picture), with mute and hang up in it; else the video alone.
 */
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { call, tell } from "../../state/store";
import { t } from "../../text/i18n";
import { FloatingCall } from "./FloatingCall";

interface DocumentPictureInPicture {
  requestWindow(options: { width: number; height: number }): Promise<Window>;
}

export const floating = signal(false);
let close = () => {};

const documents = () =>
  (window as { documentPictureInPicture?: DocumentPictureInPicture }).documentPictureInPicture;

export function canFloat(): boolean {
  return documents() !== undefined || document.pictureInPictureEnabled === true;
}

export async function toggleFloating(): Promise<void> {
  if (floating.value) {
    close();
    return;
  }
  try {
    const api = documents();
    if (api) floatDocument(await api.requestWindow({ width: 360, height: 260 }));
    else await floatVideo();
  } catch {
    tell(t("layout:pipRefused"), "problem");
  }
}

function floatDocument(opened: Window) {
  const { document: inside } = opened;
  for (const sheet of document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]')) {
    const copy = inside.createElement("link");
    copy.rel = "stylesheet";
    copy.href = sheet.href;
    inside.head.append(copy);
  }
  inside.documentElement.lang = document.documentElement.lang;
  inside.documentElement.dir = document.documentElement.dir;
  inside.title = call.value?.peerName ?? "";
  render(<FloatingCall />, inside.body);
  began(() => opened.close());
  opened.addEventListener("pagehide", () => {
    render(null, inside.body);
    ended();
  });
}

async function floatVideo() {
  const video = document.querySelector<HTMLVideoElement>('[data-testid="remote-video"]');
  if (!video) return;
  await video.requestPictureInPicture();
  began(() => void document.exitPictureInPicture().catch(() => {}));
  video.addEventListener("leavepictureinpicture", ended, { once: true });
}

let stopWatching = () => {};

/** The window goes when the call is over. */
function began(closing: () => void) {
  close = closing;
  floating.value = true;
  stopWatching = effect(() => {
    if (!call.value) closing();
  });
}

function ended() {
  floating.value = false;
  close = () => {};
  stopWatching();
}
