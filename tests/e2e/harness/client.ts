/** One signed-in client. Keys live in memory alone: each test has an account of its own. */
import {
  ClientEvent,
  createClient,
  type MatrixClient,
  type MatrixEvent,
  type Room,
  RoomEvent,
  SyncState,
} from "matrix-js-sdk/lib/matrix";
import { watchIncoming } from "./calls";
import { note } from "./log";

let running: MatrixClient | undefined;

export function client(): MatrixClient {
  if (!running) throw new Error("sign in first");
  return running;
}

/** Signs in, starts encryption and syncs once; gives the user id. */
export async function signIn(homeserver: string, user: string, password: string): Promise<string> {
  const login = await createClient({ baseUrl: homeserver }).loginRequest({
    type: "m.login.password",
    identifier: { type: "m.id.user", user },
    password,
  });
  running = createClient({
    baseUrl: homeserver,
    userId: login.user_id,
    deviceId: login.device_id,
    accessToken: login.access_token,
  });
  await running.initRustCrypto({ useIndexedDB: false });
  running.on(ClientEvent.ReceivedVoipEvent, noteReceived);
  running.on(RoomEvent.MyMembership, accept);
  watchIncoming(running);
  await running.startClient({ initialSyncLimit: 50 });
  await synced(running);
  return login.user_id;
}

/** Every invitation is welcome. */
function accept(room: Room, membership: string) {
  if (membership === "invite") void client().joinRoom(room.roomId);
}

function noteReceived(event: MatrixEvent) {
  const { call_id, party_id, reason, candidates } = event.getContent();
  if (party_id === client().getDeviceId()) return; // what this client sent comes back to it
  const ends = candidates?.some((each: { candidate: string }) => each.candidate === "");
  const more = reason ?? (ends ? "end of candidates" : "");
  note(`← ${event.getType()} ${call_id} of ${party_id}${more ? ` (${more})` : ""}`);
}

function synced(starting: MatrixClient): Promise<void> {
  return new Promise((resolve) => {
    starting.on(ClientEvent.Sync, (state) => {
      if (state === SyncState.Prepared || state === SyncState.Syncing) resolve();
    });
  });
}
