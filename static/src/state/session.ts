/** What this browser remembers between visits, and which tab may use it. */
import { elsewhere, relayOnly, session } from "./store";
import type { Session } from "./types";

const SESSION = "voip.session";
const RELAY_ONLY = "voip.relay-only";

/** A refused storage (private windows, policies) means a session that ends with the tab. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Nothing is lost but the comfort of staying signed in.
  }
}

export function restore() {
  session.value = parse(read(SESSION));
  const asked = new URLSearchParams(location.search).get("relay");
  relayOnly.value = asked === null ? read(RELAY_ONLY) === "1" : asked === "1";
}

function parse(text: string | null): Session | null {
  try {
    const found = JSON.parse(text ?? "null") as Session | null;
    return (found?.accessToken || found?.expired) &&
      found.homeserver &&
      found.userId &&
      found.deviceId
      ? found
      : null;
  } catch {
    return null;
  }
}

export function remember(found: Session | null) {
  write(SESSION, found && JSON.stringify(found));
  session.value = found;
}

/** Removes what the SDK keeps beside its databases. */
export function forgetFilters() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith("mxjssdk_")) localStorage.removeItem(key);
    }
  } catch {
    // Refused storage holds nothing.
  }
}

export function setRelayOnly(on: boolean) {
  write(RELAY_ONLY, on ? "1" : null);
  relayOnly.value = on;
}

/** The lock that this tab has, until it closes or another takes it. */
let held: string | null = null;

/**
 * Holds the session for this tab until another tab takes it: the crypto store breaks
 * when two tabs write it. Calls `lost` when that happens.
 */
export async function claim(device: Session, take: boolean, lost: () => void): Promise<boolean> {
  const name = `voip:${device.userId}:${device.deviceId}`;
  // The same device signed in again in this tab, after a session that had ended.
  if (held === name) return true;
  // No Web Locks (insecure context): let it run, as there is no crypto store to protect either.
  if (!navigator.locks) return true;
  return new Promise((resolve) => {
    const hold = (lock: Lock | null) => {
      elsewhere.value = lock === null;
      if (lock) held = name;
      resolve(lock !== null);
      return lock ? new Promise<never>(() => {}) : undefined;
    };
    navigator.locks
      .request(name, take ? { steal: true } : { ifAvailable: true }, hold)
      .catch(() => {
        if (held === name) held = null;
        elsewhere.value = true;
        lost();
      });
  });
}
