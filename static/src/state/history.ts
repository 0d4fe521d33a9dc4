/** Calls of all rooms, newest first, and which of the missed ones the person has seen. */
import { computed, signal } from "@preact/signals";

export type CallOutcome =
  /** We talked. */
  | "talked"
  /** Somebody else in the room answered. */
  | "elsewhere"
  | "declinedHere"
  | "declined"
  | "unanswered"
  | "missed"
  /** Neither answered nor ended: it still rings, or its end was never sent. */
  | "open";

export interface CallRecord {
  /** Of the invite. */
  id: string;
  roomId: string;
  /** Milliseconds since 1970. */
  at: number;
  /** We called. */
  mine: boolean;
  sender: string;
  senderName: string;
  video: boolean;
  outcome: CallOutcome;
  /** Seconds of conversation; null where there was none, or it has not ended. */
  lasted: number | null;
}

/** What is shown at once; further back it is the rooms' own timelines. */
export const MOST_SHOWN = 200;
const SEEN = "voip.calls-seen";

export const history = signal<CallRecord[]>([]);
/** Older calls may be on the server. */
export const historyMore = signal(false);
/** Milliseconds since 1970: calls until then were looked at. */
const seen = signal(readSeen());

export const missed = computed(
  () => history.value.filter((each) => each.outcome === "missed" && each.at > seen.value).length,
);

export function isNew(call: CallRecord): boolean {
  return call.outcome === "missed" && call.at > seen.peek();
}

/** The person looks at the list. */
export function markSeen() {
  const newest = history.value[0]?.at ?? 0;
  if (newest <= seen.value) return;
  seen.value = newest;
  try {
    localStorage.setItem(SEEN, String(newest));
  } catch {
    // They count again after a reload.
  }
}

/** At sign-out: who signs in here next has missed other calls. */
export function forgetSeen() {
  history.value = [];
  seen.value = Date.now();
  try {
    localStorage.removeItem(SEEN);
  } catch {
    // Refused storage holds nothing.
  }
}

/** A device that signs in for the first time has missed nothing here yet. */
function readSeen(): number {
  try {
    const known = Number(localStorage.getItem(SEEN));
    if (known) return known;
    localStorage.setItem(SEEN, String(Date.now()));
  } catch {
    // Refused storage: what came before this visit counts as seen.
  }
  return Date.now();
}
