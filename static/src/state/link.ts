/**
 * Links that open a call: `#/call/@ada:example.org`, `?video=1` behind it for a video call.
 *
 * The person asked for is kept here until the call was placed or put aside, so that a link
 * survives signing in, however that leads away from the page and back.
 */
import { signal } from "@preact/signals";

export interface CallLink {
  userId: string;
  video: boolean;
}

export const link = signal<CallLink | null>(null);

const CALL = /^#\/call\/([^?]+)(?:\?(.*))?$/;
const KEPT = "voip.link";

export function parseLink(hash: string): CallLink | null {
  const found = CALL.exec(hash);
  if (!found?.[1]) return null;
  const video = new URLSearchParams(found[2]).get("video") === "1";
  return { userId: decoded(found[1]), video };
}

/** A hash that is cut off in the middle of a sign stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Takes the link of the address bar, or one that was there before the sign-in led elsewhere. */
export function follow(hash: string) {
  const found = parseLink(hash);
  if (found) keep(hash);
  link.value = found ?? (hash.length > 2 ? null : parseLink(kept()));
}

export function forgetLink() {
  keep(null);
  link.value = null;
}

/** Of this tab alone: a link must not come up again somewhere else. */
function keep(hash: string | null) {
  try {
    if (hash === null) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, hash);
  } catch {
    // Refused storage: the address bar still has it.
  }
}

function kept(): string {
  try {
    return sessionStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}
