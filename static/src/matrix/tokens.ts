/**
 * Access tokens that end, and how the next one is had (client-server API, "Refreshing access
 * tokens"). The SDK refreshes those of OAuth 2.0 itself; for the others its requests pass here.
 */
import type { ICreateClientOpts } from "matrix-js-sdk/lib/matrix";
import { remember } from "../state/session";
import { session as stored } from "../state/store";
import type { Session } from "../state/types";

/** A request may take this long before its token ends. */
const EARLY_MS = 10_000;

type Options = Pick<
  ICreateClientOpts,
  "refreshToken" | "oauthClientId" | "onTokenRefresh" | "fetchFn"
>;

export function tokenOptions(session: Session): Options {
  const { refreshToken, oauthClientId } = session;
  if (!refreshToken) return oauthClientId ? { oauthClientId } : {};
  if (!oauthClientId) return { fetchFn: refreshingFetch(session, keep) };
  return {
    refreshToken,
    oauthClientId,
    onTokenRefresh: (next) =>
      keep({ ...next, refreshToken: next.refreshToken, expiresAt: next.expiry?.getTime() }),
  };
}

interface Tokens {
  accessToken: string;
  /** Left out where the old one stays good. */
  refreshToken?: string | undefined;
  expiresAt?: number | undefined;
}

function keep({ accessToken, refreshToken, expiresAt }: Tokens) {
  const found = stored.value;
  if (!found || found.expired) return;
  remember({
    ...found,
    accessToken,
    refreshToken: refreshToken ?? found.refreshToken,
    expiresAt,
  });
}

/** A fetch that puts the newest token on what carries one, and refreshes it in time. */
export function refreshingFetch(
  session: Session,
  onTokens: (tokens: Tokens) => void,
  ask: typeof fetch = (...request) => fetch(...request),
): typeof fetch {
  let tokens: Tokens = session;
  let running: Promise<boolean> | null = null;

  const refresh = (): Promise<boolean> => {
    running ??= requestTokens(session.homeserver, tokens.refreshToken ?? "", ask)
      .then((next) => {
        if (!next) return false;
        tokens = { ...next, refreshToken: next.refreshToken ?? tokens.refreshToken };
        onTokens(tokens);
        return true;
      })
      .finally(() => {
        running = null;
      });
    return running;
  };

  return async (input, init) => {
    const headers = new Headers(init?.headers);
    if (!headers.has("Authorization")) return ask(input, init);
    if (Date.now() > (tokens.expiresAt ?? Infinity) - EARLY_MS) await refresh();
    const used = tokens.accessToken;
    const send = () => {
      headers.set("Authorization", `Bearer ${tokens.accessToken}`);
      return ask(input, { ...init, headers });
    };
    const answer = await send();
    // Our clock may be wrong, or the token have ended early.
    if (answer.status !== 401 || !(await isUnknownToken(answer))) return answer;
    return tokens.accessToken !== used || (await refresh()) ? send() : answer;
  };
}

/** null where there is no next one for now: the request's own answer then says what it means. */
async function requestTokens(base: string, token: string, ask: typeof fetch) {
  try {
    const answer = await ask(`${base}/_matrix/client/v3/refresh`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: token }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!answer.ok) return null;
    const body = await answer.json();
    if (typeof body?.access_token !== "string") return null;
    return {
      accessToken: body.access_token as string,
      refreshToken: body.refresh_token as string | undefined,
      expiresAt:
        typeof body.expires_in_ms === "number" ? Date.now() + body.expires_in_ms : undefined,
    };
  } catch {
    return null;
  }
}

async function isUnknownToken(answer: Response): Promise<boolean> {
  const body = await answer
    .clone()
    .json()
    .catch(() => null);
  return body?.errcode === "M_UNKNOWN_TOKEN";
}
