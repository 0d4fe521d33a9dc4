/** This device's standing, and everything about trust that runs while somebody is signed in. */
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/CryptoEvent";
import {
  ClientEvent,
  type MatrixClient,
  type MatrixEvent,
  SyncState,
} from "matrix-js-sdk/lib/matrix";
import { recoverable, resetTrust, standing } from "../state/trust";
import { settled } from "./settled";
import { watchPeople } from "./trustpeople";
import { watchVerification } from "./trustverify";

/** The account data that secret storage is made of. */
const ABOUT_SECRETS = /^m\.(secret_storage|cross_signing|megolm_backup)/;

export function watchTrust(client: MatrixClient): () => void {
  const look = settled(() => void refreshStanding(client));
  const events = [
    CryptoEvent.KeysChanged,
    CryptoEvent.UserTrustStatusChanged,
    CryptoEvent.DevicesUpdated,
    CryptoEvent.KeyBackupStatus,
  ] as const;
  for (const event of events) client.on(event, look);
  const onAccountData = (event: MatrixEvent) => {
    if (ABOUT_SECRETS.test(event.getType())) look();
  };
  const onSync = (state: SyncState) => {
    if (state === SyncState.Prepared) look();
  };
  client.on(ClientEvent.AccountData, onAccountData);
  client.on(ClientEvent.Sync, onSync);
  const parts = [watchPeople(client), watchVerification(client)];
  look();
  return () => {
    for (const event of events) client.off(event, look);
    client.off(ClientEvent.AccountData, onAccountData);
    client.off(ClientEvent.Sync, onSync);
    look.cancel();
    for (const stop of parts) stop();
    resetTrust();
  };
}

export async function refreshStanding(client: MatrixClient) {
  const crypto = client.getCrypto();
  const [userId, deviceId] = [client.getUserId(), client.getDeviceId()];
  if (!crypto || !userId || !deviceId || client.isGuest()) return;
  try {
    const known = await crypto.userHasCrossSigningKeys(userId, true);
    const device = await crypto.getDeviceVerificationStatus(userId, deviceId);
    if (!known) standing.value = "new";
    else standing.value = device?.crossSigningVerified ? "verified" : "unverified";
    recoverable.value = await crypto.isSecretStorageReady();
  } catch {
    // The homeserver is away: the next change looks again.
  }
}
