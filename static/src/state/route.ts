/** The address bar: `#/room/!id:server` is an open room, `#/call/@user:server` asks for a call. */
import { effect } from "@preact/signals";
import { decoded, follow as followLink, link } from "./link";
import { selectedRoom } from "./store";

const ROOM = /^#\/room\/(.+)$/;

function follow() {
  followLink(location.hash);
  if (link.value) return;
  const found = ROOM.exec(location.hash);
  selectedRoom.value = found?.[1] ? decoded(found[1]) : null;
}

export function startRouting() {
  follow();
  addEventListener("hashchange", follow);
  effect(() => {
    const id = selectedRoom.value;
    if (link.value) return; // It stays in the address bar until it is done with.
    const hash = id ? `#/room/${encodeURIComponent(id)}` : "#/";
    if (location.hash !== hash && !(hash === "#/" && location.hash === "")) location.hash = hash;
  });
}
