/**
 * The recovery key: makes it, and gets this device its keys with it (client-server API, "Secrets"
 * and "Cross-signing"). The key is here in memory while it is used, and written nowhere.
 */
import {
  type CryptoCallbacks,
  decodeRecoveryKey,
  deriveRecoveryKeyFromPassphrase,
  type GeneratedSecretStorageKey,
} from "matrix-js-sdk/lib/crypto-api/index";
import type { SecretStorageKeyDescription } from "matrix-js-sdk/lib/secret-storage";
import { t } from "../text/i18n";
import { cryptoOf, running } from "./current";
import { refreshStanding } from "./trust";
import { authorize } from "./trustauth";

const held = new Map<string, Uint8Array<ArrayBuffer>>();
let made: GeneratedSecretStorageKey | null = null;

/** How the SDK asks for the key, and tells of a new one; for `createClient`. */
export const recoveryCallbacks: CryptoCallbacks = {
  getSecretStorageKey: async ({ keys }) => {
    const id = Object.keys(keys).find((each) => held.has(each));
    const key = id === undefined ? undefined : held.get(id);
    return id !== undefined && key ? [id, key] : null;
  },
  cacheSecretStorageKey: (id, _, key) => {
    held.set(id, key);
  },
};

/** A new recovery key as the person writes it down. Nothing is changed until `setUpRecovery`. */
export async function makeRecoveryKey(): Promise<string> {
  made = await cryptoOf(running()).createRecoveryKeyFromPassphrase();
  return made.encodedPrivateKey ?? "";
}

export function dropRecoveryKey() {
  made = null;
}

/** Puts the account's keys behind the key that was made: identity, secret storage, key backup. */
export async function setUpRecovery() {
  const client = running();
  const key = made;
  if (!key) throw new Error("no recovery key was made");
  try {
    await cryptoOf(client).bootstrapCrossSigning({ authUploadDeviceSigningKeys: authorize });
    const hasBackup = (await cryptoOf(client).getSessionBackupPrivateKey()) !== null;
    await cryptoOf(client).bootstrapSecretStorage({
      createSecretStorageKey: async () => key,
      setupNewSecretStorage: true,
      setupNewKeyBackup: !hasBackup,
    });
    made = null;
  } finally {
    held.clear();
    await refreshStanding(client);
  }
}

/** @throws Error with a sentence where it is not the account's recovery key or passphrase. */
export async function recover(typed: string) {
  const client = running();
  const stored = await client.secretStorage.getKey();
  if (!stored) throw new Error(t("trust:noRecovery"));
  const [id, info] = stored;
  const key = await readKey(typed, info);
  if (!key || !(await client.secretStorage.checkKey(key, info))) {
    throw new Error(t("trust:wrongKey"));
  }
  held.set(id, key);
  try {
    await cryptoOf(client).bootstrapCrossSigning({ authUploadDeviceSigningKeys: authorize });
    // Older messages come as they are looked at, once the backup's key is here.
    await cryptoOf(client)
      .loadSessionBackupPrivateKeyFromSecretStorage()
      .then(() => cryptoOf(client).checkKeyBackupAndEnable())
      .catch(() => null);
  } finally {
    held.clear();
    await refreshStanding(client);
  }
}

/** A new identity, where neither another device nor the recovery key is left. */
export async function startAnew() {
  const client = running();
  try {
    await cryptoOf(client).resetEncryption(authorize);
  } finally {
    held.clear();
    await refreshStanding(client);
  }
}

async function readKey(typed: string, info: SecretStorageKeyDescription) {
  try {
    return decodeRecoveryKey(typed);
  } catch {
    const phrase = info.passphrase;
    if (!phrase || phrase.iterations > 10_000_000) return null;
    return deriveRecoveryKeyFromPassphrase(typed, phrase.salt, phrase.iterations, phrase.bits);
  }
}
