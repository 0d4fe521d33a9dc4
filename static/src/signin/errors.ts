import { t } from "../text/i18n";

/** What went wrong while signing in; its message is shown to the person as it is. */
export class SignInError extends Error {}

export interface MatrixProblem {
  errcode?: string;
  error?: string;
  retry_after_ms?: number;
}

/** The sentence for an answer to POST /login other than 200. */
export function loginProblem(
  status: number,
  body: MatrixProblem,
  retryAfter: string | null,
): string {
  if (status === 429 || body.errcode === "M_LIMIT_EXCEEDED") {
    const seconds = Math.ceil((body.retry_after_ms ?? Number(retryAfter ?? 0) * 1000) / 1000);
    return seconds > 0 ? t("signin:tooManySoon", { count: seconds }) : t("signin:tooMany");
  }
  if (body.errcode === "M_USER_DEACTIVATED") {
    return t("signin:deactivated");
  }
  if (body.errcode === "M_USER_LOCKED") {
    return t("signin:locked");
  }
  // Synapse says M_UNKNOWN of what fell over as well.
  if (status >= 500) return t("signin:serverProblem");
  if (body.errcode === "M_UNKNOWN" || body.errcode === "M_UNRECOGNIZED") {
    return t("signin:noPassword");
  }
  if (status === 401 || status === 403) {
    return t("signin:noMatch");
  }
  return t("signin:refused", { error: body.error ?? `status ${status}` });
}
