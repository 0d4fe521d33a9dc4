/** Calling somebody by their user id: the room with them is opened or made first. */
import { effect } from "@preact/signals";
import { room } from "../state/store";
import { t } from "../text/i18n";
import { placeCall } from "./calls";
import { current } from "./current";
import { startChat, USER_ID } from "./people";

/** Bots accept an invitation at once, a person may not be there at all. */
const PATIENCE_MS = 15_000;

/**
 * Gives false where the person has yet to accept the invitation: the room says so.
 * Throws an Error whose message is for the person.
 */
export async function callPerson(userId: string, video: boolean): Promise<boolean> {
  if (!USER_ID.test(userId)) throw new Error(t("list:userLooks"));
  await startChat(userId);
  if (!(await callable(userId))) return false;
  const id = room.value?.id;
  if (id) await placeCall(id, video);
  return true;
}

/** The name that the person gave themselves, or their user id. */
export async function nameOf(userId: string): Promise<string> {
  const found = await current()
    ?.getProfileInfo(userId)
    .catch(() => null);
  return found?.displayname || userId;
}

/** Waits until the other one is in the room that was just opened. */
function callable(userId: string): Promise<boolean> {
  return new Promise((resolve) => {
    let stop = () => {};
    const done = (ready: boolean) => {
      clearTimeout(timer);
      // Not inside the effect's own first run.
      queueMicrotask(() => stop());
      resolve(ready);
    };
    const timer = setTimeout(() => done(false), PATIENCE_MS);
    stop = effect(() => {
      const open = room.value;
      if (open?.peerId === userId && !open.peerPending && open.others > 0) done(true);
    });
  });
}
