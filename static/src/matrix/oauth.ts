/** The requests of OAuth 2.0 as the SDK makes them; the rest of the page sees plain data. */
import {
  isValidAuthMetadata,
  OAuth2,
  type OAuthRegistrationRequest,
  type ValidatedAuthMetadata,
} from "matrix-js-sdk/lib/oauth/index";
import { quiet } from "./logging";

interface Client {
  clientId: string;
  deviceId: string;
  codeVerifier: string;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string | undefined;
  /** Milliseconds since 1970. */
  expiresAt: number | undefined;
}

/** null where it lacks what the specification asks of a homeserver's OAuth 2.0 server. */
export function readMetadata(found: unknown): ValidatedAuthMetadata | null {
  return isValidAuthMetadata(found) ? found : null;
}

/** RFC 7591: a public client, as a page can keep no secret. @returns its client id. */
export function registerPage(
  metadata: ValidatedAuthMetadata,
  page: string,
  name: string,
): Promise<string> {
  const about: OAuthRegistrationRequest = {
    client_name: name,
    client_uri: page,
    redirect_uris: [page],
    application_type: "web",
  };
  return OAuth2.registerClient(metadata, about, quiet);
}

/** Where the person agrees; the answer comes in the fragment, which no server's log sees. */
export function authorizationUrl(
  metadata: ValidatedAuthMetadata,
  client: Client,
  state: string,
  page: string,
): Promise<string> {
  const grant = new OAuth2(metadata, client, quiet);
  return grant.generateAuthorizationCodeGrantUrl(state, page, "fragment");
}

export async function exchangeCode(
  metadata: ValidatedAuthMetadata,
  client: Client,
  code: string,
  page: string,
): Promise<Tokens> {
  const grant = new OAuth2(metadata, client, quiet);
  const asked = Date.now();
  const found = await grant.completeAuthorizationCodeGrant(code, page);
  return {
    accessToken: found.access_token,
    refreshToken: found.refresh_token,
    expiresAt: found.expires_in === undefined ? undefined : asked + found.expires_in * 1000,
  };
}
