/**
 * All state of the page, in one place.
 *
 * `matrix/` writes it, components read it; nothing else keeps state that outlives a component.
 */
import { computed, signal } from "@preact/signals";
import type {
  CallStats,
  CallView,
  Config,
  Connection,
  Notice,
  RoomSummary,
  Session,
  Timeline,
} from "./types";

export const config = signal<Config>({
  homeserver: null,
  brand: "Calls",
  embedOrigins: [],
  echo: null,
});
export const session = signal<Session | null>(null);
/** The same session runs in another tab: two tabs must not share one crypto store. */
export const elsewhere = signal(false);
export const connection = signal<Connection>("connecting");
export const me = signal<{ name: string; avatar: string | null }>({ name: "", avatar: null });

export const rooms = signal<RoomSummary[]>([]);
export const selectedRoom = signal<string | null>(null);
export const timeline = signal<Timeline | null>(null);
export const filter = signal("");

export const call = signal<CallView | null>(null);
export const incoming = signal<CallView | null>(null);
export const callStats = signal<CallStats | null>(null);
export const notice = signal<Notice | null>(null);
/** Send media through the relay only: nobody called learns this machine's address. */
export const relayOnly = signal(false);

export const room = computed(
  () => rooms.value.find((each) => each.id === selectedRoom.value) ?? null,
);

/** What asks nothing of the person goes away by itself. */
const PASSING_MS = 10_000;

export function tell(text: string, tone: Notice["tone"] = "info", retry: Notice["retry"] = null) {
  const told = { text, tone, retry };
  notice.value = told;
  if (tone === "info") {
    setTimeout(() => {
      if (notice.value === told) notice.value = null;
    }, PASSING_MS);
  }
}
