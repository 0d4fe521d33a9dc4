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
    const when = seconds > 0 ? `in ${seconds} second${seconds === 1 ? "" : "s"}` : "in a minute";
    return `Too many attempts. Try again ${when}.`;
  }
  if (body.errcode === "M_USER_DEACTIVATED") {
    return "This account was deactivated. Ask the homeserver's administrator.";
  }
  if (body.errcode === "M_USER_LOCKED") {
    return "This account is locked. Ask the homeserver's administrator.";
  }
  if (body.errcode === "M_UNKNOWN" || body.errcode === "M_UNRECOGNIZED") {
    return "This homeserver does not let people sign in with a password here.";
  }
  if (status === 401 || status === 403) {
    return "That user name and password do not match. Check both and try again.";
  }
  if (status >= 500) return "The homeserver has a problem of its own. Try again in a minute.";
  return `The homeserver refused to sign you in: ${body.error ?? `status ${status}`}.`;
}
