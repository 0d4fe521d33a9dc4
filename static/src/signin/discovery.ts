/**
 * From what a person types to the homeserver's base URL
 * (client-server API, "Well-known URI").
 */

import { t } from "../text/i18n";
import { SignInError } from "./errors";

const PATIENCE_MS = 15_000;

/** `homeserver` may be a server name, a base URL, or empty when the user id names the server. */
export async function discover(homeserver: string, user: string): Promise<string> {
  const typed = homeserver.trim() || serverOf(user);
  if (!typed) {
    throw new SignInError(t("signin:noServer"));
  }
  const base = /^https?:\/\//.test(typed) ? typed : await wellKnown(typed);
  const url = base.replace(/\/+$/, "");
  await probe(url, typed);
  return url;
}

/** "@you:example.org" → "example.org". */
export function serverOf(user: string): string {
  const found = /^@[^:]+:(.+)$/.exec(user.trim());
  return found?.[1] ?? "";
}

async function wellKnown(server: string): Promise<string> {
  const fallback = `https://${server}`;
  let answer: Response;
  try {
    answer = await get(`https://${server}/.well-known/matrix/client`);
  } catch {
    return fallback; // FAIL_PROMPT in the specification: the probe tells whether it works anyway.
  }
  if (!answer.ok) return fallback;
  const body = (await answer.json().catch(() => null)) as {
    "m.homeserver"?: { base_url?: unknown };
  } | null;
  const base = body?.["m.homeserver"]?.base_url;
  return typeof base === "string" && /^https?:\/\//.test(base) ? base : fallback;
}

async function probe(url: string, typed: string) {
  const blocked = watchPolicy();
  let answer: Response;
  try {
    answer = await get(`${url}/_matrix/client/versions`);
  } catch (error) {
    if (await blocked()) {
      throw new SignInError(t("signin:blocked", { server: typed }));
    }
    if (error instanceof DOMException && error.name === "TimeoutError") {
      throw new SignInError(t("ways:noAnswer", { server: typed }));
    }
    throw new SignInError(t("signin:unreachable", { server: typed }));
  }
  const body = (await answer.json().catch(() => null)) as { versions?: unknown } | null;
  if (!answer.ok || !Array.isArray(body?.versions)) {
    throw new SignInError(t("signin:notMatrix", { server: typed }));
  }
}

export function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
}

/** The page's own Content-Security-Policy looks like a dead network to fetch: tell them apart. */
function watchPolicy(): () => Promise<boolean> {
  let seen = false;
  const note = () => {
    seen = true;
  };
  document.addEventListener("securitypolicyviolation", note);
  return async () => {
    // The event is told in a task of its own, a moment after fetch has failed.
    await new Promise((resolve) => setTimeout(resolve, 100));
    document.removeEventListener("securitypolicyviolation", note);
    return seen;
  };
}
