/**
 * A call that rings while the page is not in front: told by the system.
 *
 * Through the service worker where there is one (phones allow nothing else), else by the page. It
 * goes away when it rings no more.
 */
import type { CallView } from "../state/types";
import { t } from "../text/i18n";

/** Shows it; call the answer to take it away. */
export function notifyIncoming({ id, peerName, video }: CallView): () => void {
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return () => {};
  if (document.visibilityState === "visible" && document.hasFocus()) return () => {};
  const options: NotificationOptions = {
    body: `${t(video ? "call:incomingVideo" : "call:incomingVoice")}. ${t("people:notifyBody")}`,
    icon: new URL("./icon.svg", document.baseURI).href,
    // One call, one notification, in whichever way it is shown.
    tag: `call-${id}`,
    requireInteraction: true,
    data: { callId: id },
  };
  let gone = false;
  let close = () => {};
  void show(t("call:isCalling", { name: peerName }), options).then((shown) => {
    close = shown;
    if (gone) close();
  });
  return () => {
    gone = true;
    close();
  };
}

async function show(title: string, options: NotificationOptions): Promise<() => void> {
  const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  if (!worker?.active) return showByPage(title, options);
  await worker.showNotification(title, options).catch(() => {});
  return () =>
    void worker
      .getNotifications({ tag: options.tag ?? "" })
      .then((shown) => shown.forEach((each) => void each.close()))
      .catch(() => {});
}

function showByPage(title: string, options: NotificationOptions): () => void {
  try {
    const shown = new Notification(title, options);
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
    return () => shown.close();
  } catch {
    // Chrome on phones allows them through a service worker alone.
    return () => {};
  }
}
