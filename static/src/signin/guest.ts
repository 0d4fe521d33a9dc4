/** An account for whoever was sent a link and has none (client-server API, "Guest Access"). */
import type { Session } from "../state/types";
import { t } from "../text/i18n";
import { SignInError } from "./errors";
import { deviceName, post, readAnswer, sessionOf } from "./login";

/** @throws SignInError where the homeserver takes no guests, among others. */
export async function enterAsGuest(base: string, name: string): Promise<Session> {
  const answer = await post(`${base}/_matrix/client/v3/register?kind=guest`, {
    initial_device_display_name: deviceName(),
  });
  // Synapse says 403 where guests are off; a server without them may not know the request.
  if ([401, 403, 404].includes(answer.status)) throw new SignInError(t("ways:noGuests"));
  const body = await readAnswer<Parameters<typeof sessionOf>[1]>(answer);
  const session = { ...sessionOf(base, body), guest: true };
  await setName(session, name);
  return session;
}

/** A guest without a name is still a guest: what fails here is not told. */
async function setName(session: Session, name: string) {
  const user = encodeURIComponent(session.userId);
  await fetch(`${session.homeserver}/_matrix/client/v3/profile/${user}/displayname`, {
    method: "PUT",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${session.accessToken}`,
    },
    body: JSON.stringify({ displayname: name.trim() }),
    signal: AbortSignal.timeout(15_000),
  }).catch(() => null);
}
