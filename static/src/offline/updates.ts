/** The service worker: registered once the page is idle; a new version is told, never forced. */
import { signal } from "@preact/signals";

/** A newer page is installed and waits for the person to say so. */
export const updateReady = signal(false);
export const offline = signal(false);

const FILE = "./sw.js";
let waiting: ServiceWorker | null = null;

export function watchNetwork() {
  const look = () => {
    offline.value = !navigator.onLine;
  };
  look();
  addEventListener("online", look);
  addEventListener("offline", look);
}

/** Without service workers (http, private windows) the page works, but not without a network. */
export async function keepOffline(): Promise<void> {
  if (!import.meta.env.PROD || !navigator.serviceWorker) return;
  try {
    const found = await navigator.serviceWorker.register(trusted(FILE));
    const look = () => {
      // Without a controller this is the first installation, and nothing is newer.
      waiting = navigator.serviceWorker.controller ? found.waiting : null;
      updateReady.value = waiting !== null;
    };
    look();
    found.addEventListener("updatefound", () =>
      found.installing?.addEventListener("statechange", look),
    );
  } catch {
    // Refused by the browser's settings: the network does.
  }
}

/** Loads the new version. For the person's own click only: it ends what the page is doing. */
export function update() {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), {
    once: true,
  });
  waiting?.postMessage("take over");
}

/** What is used of it; to the compiler a TrustedScriptURL is the string that it stands for. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** The one address of a script that this page makes: the policy `voip` of the Trusted Types. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (!trustedTypes) return url;
  const policy = trustedTypes.createPolicy("voip", {
    createScriptURL(asked) {
      if (asked !== FILE) throw new TypeError("Only the service worker is loaded by its address.");
      return asked;
    },
  });
  return policy.createScriptURL(url);
}
