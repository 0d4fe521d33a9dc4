/** Rooms: a call needs one in which both are, and in which keys reach the other. */
import { client } from "./client";

const PERIOD_MS = 50;

export async function leave(roomId: string) {
  await client().leave(roomId);
}

/** Waits until the client knows the room as encrypted, with the other person in it. */
export async function ready(roomId: string, userId: string) {
  while (!isReady(roomId, userId)) {
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
}

function isReady(roomId: string, userId: string): boolean {
  const room = client().getRoom(roomId);
  return !!room?.hasEncryptionStateEvent() && room.getMember(userId)?.membership === "join";
}
