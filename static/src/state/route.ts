/**
 * The address bar: `#/room/!id:server` is an open room, `#/test` the network test, anything else the
 * list.
 */
import { effect } from "@preact/signals";
import { checkOpen } from "./check";
import { selectedRoom } from "./store";

const TEST = "#/test";
const ROOM = /^#\/room\/(.+)$/;

function follow() {
  checkOpen.value = location.hash === TEST;
  const found = ROOM.exec(location.hash);
  selectedRoom.value = found?.[1] ? decodeURIComponent(found[1]) : null;
}

export function startRouting() {
  follow();
  addEventListener("hashchange", follow);
  effect(() => {
    const id = selectedRoom.value;
    if (id) checkOpen.value = false; // Somebody chose a room beside the test.
    const place = id ? `#/room/${encodeURIComponent(id)}` : "#/";
    const hash = checkOpen.value ? TEST : place;
    if (location.hash !== hash && !(hash === "#/" && location.hash === "")) location.hash = hash;
  });
}
