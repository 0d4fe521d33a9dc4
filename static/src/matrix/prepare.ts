/** What a call needs is fetched while its room is looked at, and not after the click. */
import { effect } from "@preact/signals";
import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import { room } from "../state/store";

/** Milliseconds after which a homeserver that offered no relay is asked again. */
const ASK_AGAIN_MS = 540_000;

/**
 * The SDK asks for TURN before every call where the homeserver offers none, and the call waits:
 * that answer is kept too. Credentials that were given are renewed by the SDK as before.
 */
export function rememberNoRelay(client: MatrixClient) {
  const ask = client.checkTurnServers.bind(client);
  let asked: number | null = null;
  client.checkTurnServers = async () => {
    const fresh = asked !== null && performance.now() - asked < ASK_AGAIN_MS;
    if (fresh && client.getTurnServers().length === 0) return false;
    const answer = await ask();
    asked = performance.now();
    return answer;
  };
}

/** Shares the room's keys with everybody's devices, so that an invite is sent in one request. */
export function watchPreparing(client: MatrixClient): () => void {
  let prepared = "";
  return effect(() => {
    const open = room.value;
    // Who joins later, or brings a new device, is given the keys with the event itself.
    if (!open?.encrypted || open.inviter !== null || open.others === 0) return;
    const now = `${open.id} ${open.others}`;
    const found = now === prepared ? null : client.getRoom(open.id);
    if (!found) return;
    prepared = now;
    client.getCrypto()?.prepareToEncrypt(found);
  });
}
