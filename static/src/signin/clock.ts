/**
 * A clock that is wrong: call times and expiring tokens go wrong with it, so it is told.
 *
 * The server that the page came from tells its time in every answer; homeservers do too, but
 * browsers hide that header of another origin.
 */
import { clockAhead } from "../state/signin";

/** Seconds; below it nobody notices. */
const BEARABLE = 90;

export async function checkClock() {
  try {
    // HEAD, because a cache that answers GET would tell the time when it was filled.
    const asked = Date.now();
    const answer = await fetch("./config.json", { method: "HEAD", cache: "no-store" });
    const theirs = Date.parse(answer.headers.get("Date") ?? "");
    clockAhead.value = aheadBy(theirs, asked, Date.now());
  } catch {
    // Offline: nothing to compare with.
  }
}

/** All in milliseconds since 1970; the answer in seconds, null where it is bearable or unknown. */
export function aheadBy(theirs: number, asked: number, answered: number): number | null {
  if (Number.isNaN(theirs)) return null;
  const ahead = ((asked + answered) / 2 - theirs) / 1000;
  return Math.abs(ahead) > BEARABLE ? Math.round(ahead) : null;
}
