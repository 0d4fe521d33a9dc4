/** A guest came for one room, by its link: join it, and say so where it takes no guests. */
import { ClientEvent, type MatrixClient, MatrixError, SyncState } from "matrix-js-sdk/lib/matrix";
import { selectedRoom, tell } from "../state/store";
import { t } from "../text/i18n";

export function joinAsGuest(client: MatrixClient): () => void {
  const onSync = (state: SyncState) => {
    if (state !== SyncState.Prepared) return;
    client.off(ClientEvent.Sync, onSync);
    const roomId = selectedRoom.value;
    if (!roomId || client.getRoom(roomId)?.getMyMembership() === "join") return;
    client.joinRoom(roomId).catch((error: unknown) => {
      // M_GUEST_ACCESS_FORBIDDEN, or the room is private: to a guest it is the same.
      const refused = error instanceof MatrixError && error.httpStatus === 403;
      tell(t(refused ? "trust:guestRefused" : "trust:guestNotIn"), "problem");
    });
  };
  client.on(ClientEvent.Sync, onSync);
  return () => client.off(ClientEvent.Sync, onSync);
}
