/** The browser is back from another site: fetch the session, or say why there is none. */
import { remember } from "../state/session";
import { returning } from "../state/signin";
import { tell } from "../state/store";
import type { Session } from "../state/types";
import { t } from "../text/i18n";
import { SignInError } from "./errors";
import type { Pending, Returned } from "./pending";

export async function finishSignIn({ pending, answer }: Returned) {
  if (!pending) {
    tell(t("ways:notBegun"), "problem");
    return;
  }
  returning.value = true;
  try {
    remember(await finish(pending, answer));
  } catch (error) {
    const known = error instanceof SignInError;
    tell(known ? error.message : t("signin:failed", { error: String(error) }), "problem");
  }
  returning.value = false;
}

async function finish(pending: Pending, answer: URLSearchParams): Promise<Session> {
  if (pending.kind === "sso") return (await import("./sso")).finishSso(pending, answer);
  return (await import("./oauth")).finishOAuth(pending, answer);
}
