/** Single sign-on: the homeserver sends the browser round and back with a token (SPEC, "SSO"). */
import type { Session } from "../state/types";
import { loginWithToken } from "./login";
import { keepPending, newState, type Pending, pageAddress } from "./pending";
import type { Provider, Ways } from "./ways";

/** Leaves this page. */
export function goToProvider(ways: Ways, provider: Provider, deviceId?: string) {
  const state = newState();
  keepPending({ kind: "sso", state, homeserver: ways.base, deviceId });
  const path = provider.id ? `/${encodeURIComponent(provider.id)}` : "";
  const url = new URL(`${ways.base}/_matrix/client/v3/login/sso/redirect${path}`);
  url.searchParams.set("redirectUrl", `${pageAddress()}?state=${state}`);
  location.assign(url);
}

export function finishSso(pending: Pending, answer: URLSearchParams): Promise<Session> {
  return loginWithToken(pending.homeserver, answer.get("loginToken") ?? "", pending.deviceId);
}
