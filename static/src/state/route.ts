/**
 * The address bar: `#/room/!id:server` is an open room, `#/call/@user:server` asks for a call,
 * `#/test` is the network test, anything else the list.
 */
import { effect } from "@preact/signals";
import { checkOpen } from "./check";
import { decoded, follow as followLink, link } from "./link";
import { selectedRoom } from "./store";

const TEST = "#/test";
const ROOM = /^#\/room\/(.+)$/;

function follow() {
  checkOpen.value = location.hash === TEST;
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
    if (id) checkOpen.value = false; // Somebody chose a room beside the test.
    const place = id ? `#/room/${encodeURIComponent(id)}` : "#/";
    const hash = checkOpen.value ? TEST : place;
    if (location.hash !== hash && !(hash === "#/" && location.hash === "")) location.hash = hash;
  });
}
