/**
 * The homeserver asks again who it is before it takes new identity keys (client-server API,
 * "User-Interactive Authentication"): the person's password, or a page of the homeserver's.
 */
import { type AuthDict, type IAuthData, MatrixError } from "matrix-js-sdk/lib/matrix";
import { reauthentication } from "../state/trust";
import { t } from "../text/i18n";
import { running } from "./current";

const PASSWORD = "m.login.password";
type Send = (auth: AuthDict | null) => Promise<void>;

export async function authorize(send: Send): Promise<void> {
  let asked = await attempt(send, null);
  let problem = "";
  while (asked) {
    const stage = stageOf(asked);
    const page = stage === PASSWORD ? null : pageOf(asked, stage);
    const answer = await ask(page, problem);
    if (answer === null) throw new Error(t("trust:notConfirmed"));
    const session = asked.session;
    const auth: AuthDict = page
      ? { ...(session ? { session } : {}) }
      : {
          type: PASSWORD,
          identifier: { type: "m.id.user", user: running().getSafeUserId() },
          password: answer,
          ...(session ? { session } : {}),
        };
    asked = await attempt(send, auth);
    problem = t(page ? "trust:pageNotDone" : "trust:wrongPassword");
  }
}

/** null: done. Otherwise what the homeserver wants first. */
async function attempt(send: Send, auth: AuthDict | null): Promise<IAuthData | null> {
  try {
    await send(auth);
    return null;
  } catch (error) {
    const wants = error instanceof MatrixError && error.httpStatus === 401;
    const data = wants ? (error.data as Partial<IAuthData>) : null;
    if (!data || !Array.isArray(data.flows)) throw error;
    return data as IAuthData;
  }
}

/** The password where it is enough, else whatever comes first. */
function stageOf({ flows, completed }: IAuthData): string {
  const alone = flows?.find((flow) => flow.stages.length === 1 && flow.stages[0] === PASSWORD);
  if (alone) return PASSWORD;
  const left = flows?.[0]?.stages.find((stage) => !completed?.includes(stage));
  return left ?? PASSWORD;
}

function pageOf({ session, params }: IAuthData, stage: string): string {
  // "m.oauth" and its forerunner name the page themselves.
  const named = params?.[stage]?.url;
  if (typeof named === "string" && /^https?:/.test(named)) return named;
  const url = new URL(
    `${running().getHomeserverUrl()}/_matrix/client/v3/auth/${encodeURIComponent(stage)}/fallback/web`,
  );
  url.searchParams.set("session", session ?? "");
  return url.href;
}

function ask(page: string | null, problem: string): Promise<string | null> {
  return new Promise((resolve) => {
    reauthentication.value = {
      page,
      problem,
      answer: (password) => {
        reauthentication.value = null;
        resolve(password);
      },
    };
  });
}
