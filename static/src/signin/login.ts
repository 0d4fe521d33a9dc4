/** POST /login with a password: a new device, and the session this browser keeps. */
import type { Session } from "../state/types";
import { t } from "../text/i18n";
import { discover } from "./discovery";
import { loginProblem, type MatrixProblem, SignInError } from "./errors";

interface LoginAnswer {
  user_id: string;
  device_id: string;
  access_token: string;
  well_known?: { "m.homeserver"?: { base_url?: string } };
}

export async function login(
  homeserver: string,
  user: string,
  password: string,
  deviceName: string,
): Promise<Session> {
  const base = await discover(homeserver, user);
  const answer = await post(`${base}/_matrix/client/v3/login`, {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: user.trim() },
    password,
    initial_device_display_name: deviceName,
  });
  const body = (await answer.json().catch(() => ({}))) as LoginAnswer & MatrixProblem;
  if (!answer.ok) {
    throw new SignInError(loginProblem(answer.status, body, answer.headers.get("Retry-After")));
  }
  return {
    homeserver: base,
    userId: body.user_id,
    deviceId: body.device_id,
    accessToken: body.access_token,
  };
}

async function post(url: string, body: object): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
  } catch {
    throw new SignInError(t("signin:lost"));
  }
}
