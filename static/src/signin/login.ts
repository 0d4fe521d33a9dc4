/** POST /login: a new device, and the session this browser keeps. */
import { config } from "../state/store";
import type { Session } from "../state/types";
import { t } from "../text/i18n";
import { loginProblem, type MatrixProblem, SignInError } from "./errors";

interface LoginAnswer {
  user_id: string;
  device_id: string;
  access_token: string;
  refresh_token?: string;
  expires_in_ms?: number;
}

/** `deviceId` names a device whose keys are here already: it goes on with new tokens. */
export function loginWithPassword(
  base: string,
  user: string,
  password: string,
  deviceId?: string,
): Promise<Session> {
  const identifier = { type: "m.id.user", user: user.trim() };
  return login(base, { type: "m.login.password", identifier, password }, deviceId);
}

export function loginWithToken(base: string, token: string, deviceId?: string): Promise<Session> {
  return login(base, { type: "m.login.token", token }, deviceId);
}

async function login(base: string, proof: object, deviceId?: string): Promise<Session> {
  const answer = await post(`${base}/_matrix/client/v3/login`, {
    ...proof,
    ...(deviceId ? { device_id: deviceId } : {}),
    initial_device_display_name: deviceName(),
    refresh_token: true,
  });
  return sessionOf(base, await readAnswer<LoginAnswer>(answer));
}

export function sessionOf(base: string, body: LoginAnswer): Session {
  return {
    homeserver: base,
    userId: body.user_id,
    deviceId: body.device_id,
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
    expiresAt: body.expires_in_ms === undefined ? undefined : Date.now() + body.expires_in_ms,
  };
}

/** The body of a 200. @throws SignInError with the sentence for anything else. */
export async function readAnswer<Body>(answer: Response): Promise<Body> {
  const body = (await answer.json().catch(() => null)) as (Body & MatrixProblem) | null;
  if (!answer.ok) {
    const problem = body ?? {};
    throw new SignInError(loginProblem(answer.status, problem, answer.headers.get("Retry-After")));
  }
  if (body === null) throw new SignInError(t("signin:serverProblem"));
  return body;
}

export function deviceName(): string {
  return `${config.value.brand} (web)`;
}

export async function post(url: string, body: object, token?: string): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
  } catch {
    throw new SignInError(t("signin:lost"));
  }
}
