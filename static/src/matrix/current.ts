/** The one client of the signed-in session, for whoever in this folder needs it. */
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index";
import type { MatrixClient } from "matrix-js-sdk/lib/matrix";

let client: MatrixClient | null = null;

export function setCurrent(next: MatrixClient | null) {
  client = next;
}

export function isCurrent(other: MatrixClient): boolean {
  return client === other;
}

/** Throws while nobody is signed in. */
export function running(): MatrixClient {
  if (!client) throw new Error("You are not signed in. Reload the page and sign in again.");
  return client;
}

export function current(): MatrixClient | null {
  return client;
}

/** Throws where this browser could not start it. */
export function cryptoOf(client: MatrixClient): CryptoApi {
  const found = client.getCrypto();
  if (!found) throw new Error("Encryption is not running. Reload the page.");
  return found;
}
