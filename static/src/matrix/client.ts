/** The running Matrix client: started from a session, stopped for good at sign-out. */

import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/CryptoEvent";
import {
  ClientEvent,
  createClient,
  HttpApiEvent,
  type MatrixClient,
  type MatrixError,
  SyncState,
} from "matrix-js-sdk/lib/matrix";
import { forgetSeen } from "../state/history";
import { forgetFilters, remember } from "../state/session";
import * as store from "../state/store";
import type { Session } from "../state/types";
import { t } from "../text/i18n";
import { watchCalls } from "./calls";
import { current, isCurrent, setCurrent } from "./current";
import { watchDevices } from "./devices";
import { joinAsGuest } from "./guestjoin";
import { watchHistory } from "./history";
import { quiet, quietModules } from "./logging";
import { rememberNoRelay, watchPreparing } from "./prepare";
import { watchPresence } from "./presence";
import { watchNetwork } from "./reconnect";
import { watchRooms } from "./rooms";
import { watchTimeline } from "./timeline";
import { tokenOptions } from "./tokens";
import { watchTraces } from "./tracing";
import { expects, watchTransfers } from "./transferred";
import { watchTrust } from "./trust";
import { recoveryCallbacks } from "./trustrecovery";
import { verificationMethods } from "./trustverify";
import { watchUnsent } from "./unsent";

let stopWatching: (() => void)[] = [];

export async function start(session: Session) {
  quietModules();
  store.connection.value = "connecting";
  const starting = createClient({
    baseUrl: session.homeserver,
    userId: session.userId,
    deviceId: session.deviceId,
    accessToken: session.accessToken,
    ...tokenOptions(session),
    logger: quiet,
    cryptoCallbacks: recoveryCallbacks,
    verificationMethods: verificationMethods(),
    forceTURN: store.relayOnly.value,
    // Candidates gather while it rings, so that answering is quick.
    iceCandidatePoolSize: 1,
    // MSC2747: we can be asked to go on with somebody else (transferred.ts).
    supportsCallTransfer: true,
  });
  rememberNoRelay(starting);
  setCurrent(starting);
  if (session.guest) starting.setGuest(true);
  await startCrypto(starting, session);
  if (!isCurrent(starting)) return; // Signed out meanwhile.
  starting.on(ClientEvent.Sync, onSync);
  starting.on(HttpApiEvent.SessionLoggedOut, onLoggedOut);
  stopWatching = [
    watchRooms(starting),
    watchTimeline(starting),
    watchCalls(starting, expects),
    watchTransfers(starting),
    watchDevices(starting),
    watchTraces(starting),
    watchUnsent(starting),
    watchNetwork(starting),
    watchHistory(starting),
    watchPresence(starting),
    watchPreparing(starting),
  ];
  if (session.guest) stopWatching.push(joinAsGuest(starting));
  if (starting.getCrypto()) stopWatching.push(watchTrust(starting));
  void showMe(starting, session.userId);
  await starting.startClient({
    // Call events in busy rooms must not fall into a gap of the timeline.
    initialSyncLimit: 50,
    lazyLoadMembers: true,
  });
}

async function startCrypto(starting: MatrixClient, session: Session) {
  const cryptoDatabasePrefix = cryptoPrefix(session);
  try {
    await starting.initRustCrypto({ cryptoDatabasePrefix });
  } catch {
    await starting.initRustCrypto({ useIndexedDB: false });
    store.tell(t("list:noKeys"), "problem");
  }
  starting.on(CryptoEvent.KeyBackupFailed, () => {});
}

/** One store per device: a store left behind by another device would refuse to open. */
function cryptoPrefix(session: Session): string {
  return `voip:${session.userId}:${session.deviceId}`;
}

function onSync(state: SyncState) {
  if (state === SyncState.Prepared || state === SyncState.Syncing) {
    store.connection.value = "online";
  } else if (state === SyncState.Reconnecting || state === SyncState.Error) {
    const first = store.connection.value === "connecting";
    store.connection.value = first ? "connecting" : "reconnecting";
  }
}

function onLoggedOut(error: MatrixError) {
  const found = store.session.value;
  void stop().then(async () => {
    // "Soft logout" in the specification: the device and its keys wait for new tokens.
    if (found && error.data?.soft_logout === true) {
      clear();
      remember({ ...found, accessToken: "", refreshToken: undefined, expired: true });
      return;
    }
    if (found) await forget(found);
    store.tell(t("list:signedOut"), "problem");
  });
}

async function showMe(starting: MatrixClient, userId: string) {
  store.me.value = { name: userId, avatar: null };
  const profile = await starting.getProfileInfo(userId).catch(() => null);
  store.me.value = { name: profile?.displayname ?? userId, avatar: profile?.avatar_url ?? null };
}

/** Stops without signing out: another tab took the session. */
export async function stop() {
  const stopping = current();
  setCurrent(null);
  for (const unwatch of stopWatching) unwatch();
  stopWatching = [];
  stopping?.removeAllListeners();
  stopping?.stopClient();
}

export async function signOut() {
  const found = store.session.value;
  const leaving = current();
  try {
    await leaving?.logout(true);
  } catch {
    store.tell(t("list:logoutNotTold"), "problem");
  }
  await stop();
  if (found) await forget(found);
}

function clear() {
  store.rooms.value = [];
  store.timeline.value = null;
  store.call.value = null;
  store.incoming.value = null;
}

/** Removes the session and its keys from this browser. */
export async function forget(session: Session) {
  clear();
  store.selectedRoom.value = null;
  remember(null);
  forgetFilters();
  forgetSeen();
  const cleaner = createClient({ baseUrl: session.homeserver, logger: quiet });
  await cleaner.clearStores({ cryptoDatabasePrefix: cryptoPrefix(session) }).catch(() => {});
}
