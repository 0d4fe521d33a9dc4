/** The address bar: `#/room/!id:server` is an open room, anything else the list. */
import { effect } from "@preact/signals";
import { selectedRoom } from "./store";

const ROOM = /^#\/room\/(.+)$/;

function follow() {
  const found = ROOM.exec(location.hash);
  selectedRoom.value = found?.[1] ? decodeURIComponent(found[1]) : null;
}

export function startRouting() {
  follow();
  addEventListener("hashchange", follow);
  effect(() => {
    const id = selectedRoom.value;
    const hash = id ? `#/room/${encodeURIComponent(id)}` : "#/";
    if (location.hash !== hash && !(hash === "#/" && location.hash === "")) location.hash = hash;
  });
}
