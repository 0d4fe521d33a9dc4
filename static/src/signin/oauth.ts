/**
 * Signing in at the homeserver's OAuth 2.0 server (client-server API, "OAuth 2.0 API"):
 * registration of this page as a client, the authorization code grant with PKCE, and back.
 *
 * Loaded when somebody chooses it. matrix/oauth.ts has the requests, which are the SDK's.
 */
import { authorizationUrl, exchangeCode, readMetadata, registerPage } from "../matrix/oauth";
import { config } from "../state/store";
import type { Session } from "../state/types";
import { t } from "../text/i18n";
import { get } from "./discovery";
import { SignInError } from "./errors";
import { keepPending, newState, type Pending, pageAddress } from "./pending";
import type { Ways } from "./ways";

/** Leaves this page. @throws SignInError */
export async function goToAuthorization(ways: Ways, deviceId = newDeviceId()) {
  const metadata = readMetadata(ways.oauth);
  if (!metadata) throw new SignInError(t("ways:oauthUnfit"));
  const page = pageAddress();
  const clientId = await registerPage(metadata, page, config.value.brand).catch(() => {
    throw new SignInError(t("ways:oauthUnregistered"));
  });
  const state = newState();
  const codeVerifier = newState() + newState(); // RFC 7636, 4.1: 43 to 128 characters
  const { issuer } = metadata;
  const oauth = { clientId, deviceId, codeVerifier, issuer };
  keepPending({ kind: "oauth", state, homeserver: ways.base, oauth });
  location.assign(await authorizationUrl(metadata, oauth, state, page));
}

/** @throws SignInError */
export async function finishOAuth(pending: Pending, answer: URLSearchParams): Promise<Session> {
  const { oauth, homeserver } = pending;
  const code = answer.get("code");
  if (answer.get("error") === "access_denied") throw new SignInError(t("ways:oauthDenied"));
  // RFC 9207, 2.4: an answer of another issuer than the one asked is an attack.
  const issuer = answer.get("iss");
  if (!oauth || !code || (issuer !== null && issuer !== oauth.issuer)) {
    throw new SignInError(t("ways:oauthFailed"));
  }
  const metadata = readMetadata(await json(`${homeserver}/_matrix/client/v1/auth_metadata`));
  if (!metadata) throw new SignInError(t("ways:oauthUnfit"));
  const tokens = await exchangeCode(metadata, oauth, code, pageAddress()).catch(() => {
    throw new SignInError(t("ways:oauthFailed"));
  });
  const me = await whoAmI(homeserver, tokens.accessToken);
  return {
    homeserver,
    userId: me.user_id,
    deviceId: me.device_id ?? oauth.deviceId,
    oauthClientId: oauth.clientId,
    ...tokens,
  };
}

/** The token answer of OAuth 2.0 does not say who signed in: the homeserver does. */
async function whoAmI(base: string, token: string) {
  const headers = { Authorization: `Bearer ${token}` };
  const found = await json(`${base}/_matrix/client/v3/account/whoami`, headers);
  const me = found as { user_id?: string; device_id?: string } | null;
  if (!me?.user_id) throw new SignInError(t("ways:oauthUnknown"));
  return { user_id: me.user_id, device_id: me.device_id };
}

async function json(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = await get(url, headers).catch(() => {
    throw new SignInError(t("signin:lost"));
  });
  return answer.ok ? answer.json().catch(() => null) : null;
}

/** Letters as homeservers make them; the scope `urn:matrix:client:device:…` allows no others. */
function newDeviceId(): string {
  return newState().slice(0, 10).toUpperCase();
}
