/** Who is there, where the homeserver tells (client-server API, "Presence"). */
import { type MatrixClient, type User, UserEvent } from "matrix-js-sdk/lib/matrix";
import { type Presence, presences } from "../state/presence";

/** Nobody looks at more dots, and a large server tells of many users. */
const MOST = 2000;

export function watchPresence(client: MatrixClient): () => void {
  const onPresence = (_event: unknown, user: User) => {
    const state = presenceOf(user.presence);
    if (presences.value.get(user.userId) === state) return;
    const next = new Map(presences.value);
    next.delete(user.userId);
    next.set(user.userId, state);
    for (const oldest of next.keys()) {
      if (next.size <= MOST) break;
      next.delete(oldest);
    }
    presences.value = next;
  };
  client.on(UserEvent.Presence, onPresence);
  return () => {
    client.off(UserEvent.Presence, onPresence);
    presences.value = new Map();
  };
}

function presenceOf(state: string): Presence {
  return state === "online" || state === "unavailable" ? state : "offline";
}
