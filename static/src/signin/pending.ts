/**
 * A sign-in that goes over another site: what must be known again when the browser comes back.
 *
 * It lies in the tab's own storage and is taken out once. An answer whose `state` this tab did not
 * make is thrown away, or a stranger's link could sign people in to an account of the stranger's.
 */

const KEY = "voip.pending";
/** A person who reads mail for a code takes minutes; what is older was given up. */
const LASTS_MS = 30 * 60_000;

export interface Pending {
  kind: "sso" | "oauth";
  state: string;
  homeserver: string;
  /** The query and fragment of the page, to be there again afterwards. */
  search: string;
  hash: string;
  begun: number;
  /** The device whose keys are still here, after the homeserver asked to sign in again. */
  deviceId?: string | undefined;
  oauth?: { clientId: string; deviceId: string; codeVerifier: string; issuer: string };
}

/** What came back in the address, and what it answers. */
export interface Returned {
  pending: Pending | null;
  answer: URLSearchParams;
}

/** This page without query and fragment: where other sites send the browser back to. */
export function pageAddress(): string {
  return location.origin + location.pathname;
}

export function newState(): string {
  return crypto.getRandomValues(new Uint8Array(16)).reduce((text, byte) => {
    return text + byte.toString(16).padStart(2, "0");
  }, "");
}

export function keepPending(asked: Omit<Pending, "search" | "hash" | "begun">) {
  const pending: Pending = {
    ...asked,
    search: location.search,
    hash: location.hash,
    begun: Date.now(),
  };
  sessionStorage.setItem(KEY, JSON.stringify(pending));
}

/** Takes the answer out of the address, so that no reload and no history holds a token. */
export function takeReturned(): Returned | null {
  const answer = answerIn(location);
  if (!answer) return null;
  const pending = takePending(answer.get("state") ?? "");
  history.replaceState(null, "", pageAddress() + (pending ? pending.search + pending.hash : ""));
  return { pending, answer };
}

/** `?state=…&loginToken=…` of SSO, `#state=…&code=…` or `?…` of OAuth 2.0; null: neither. */
export function answerIn(where: { search: string; hash: string }): URLSearchParams | null {
  for (const text of [where.search, where.hash]) {
    const found = new URLSearchParams(text.replace(/^[?#]/, ""));
    if (found.has("loginToken")) return found;
    if (found.has("state") && (found.has("code") || found.has("error"))) return found;
  }
  return null;
}

function takePending(state: string): Pending | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Pending | null;
    sessionStorage.removeItem(KEY);
    return found && state !== "" && found.state === state && Date.now() - found.begun < LASTS_MS
      ? found
      : null;
  } catch {
    return null;
  }
}
