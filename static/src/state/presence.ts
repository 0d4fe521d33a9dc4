/** Who is there, by user id; empty where the homeserver does not tell. */
import { signal } from "@preact/signals";

export type Presence = "online" | "unavailable" | "offline";

export const presences = signal<ReadonlyMap<string, Presence>>(new Map());
