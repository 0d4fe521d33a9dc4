/** The first page: which homeserver, and the ways of signing in that it offers. */
import { useEffect, useRef, useState } from "preact/hooks";
import { discover } from "../../signin/discovery";
import { SignInError } from "../../signin/errors";
import { askWays, type Ways } from "../../signin/ways";
import { remember } from "../../state/session";
import { clockAhead, returning } from "../../state/signin";
import { config, notice, selectedRoom, session } from "../../state/store";
import type { Session } from "../../state/types";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";
import { ClockWarning } from "./ClockWarning";
import { GuestWay } from "./GuestWay";
import { OtherWays } from "./OtherWays";
import { PasswordFields } from "./PasswordFields";
import { SignInAgain } from "./SignInAgain";
import { useSlow } from "./useSlow";

/** Runs a way of signing in, and says what went wrong with it. null: the page is being left. */
export type Attempt = (way: () => Promise<Session | null>) => void;

export function SignIn() {
  const again = session.value?.expired ? session.value : null;
  const [typed, setTyped] = useState("");
  const { ways, problem: noWays, ask } = useWays(typed);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const working = busy || returning.value;
  const slow = useSlow(working);
  const server = again?.homeserver ?? config.value.homeserver ?? "";

  // The client loads while the person types, not before: who only looks is not kept busy. A
  // failure shows when it is needed.
  const load = () => void import("../../matrix/client").catch(() => {});
  // The fields hold what config.json says by the time this runs.
  useEffect(() => setTyped(server), [server]);

  const attempt: Attempt = (way) => {
    setBusy(true);
    setProblem("");
    way().then(enter, (error: unknown) => {
      setProblem(sentence(error));
      setBusy(false);
    });
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(form.get(name) ?? "");
    const [user, password] = [again?.userId ?? field("user"), field("password")];
    attempt(async () => {
      const found = await ask(field("homeserver") || server, user);
      if (!found.password) throw new SignInError(t("ways:notByPassword"));
      const { loginWithPassword } = await import("../../signin/login");
      return loginWithPassword(found.base, user, password, again?.deviceId);
    });
  };

  const shown = problem || notice.value?.text || noWays;
  return (
    <main class="centre signin">
      <form
        class="card"
        onSubmit={submit}
        onFocusCapture={load}
        aria-labelledby="signin-title"
        aria-busy={working}
      >
        <div class="mark">
          <Icon name="phone" />
        </div>
        <h1 id="signin-title">{config.value.brand}</h1>
        {again ? (
          <SignInAgain device={again} disabled={working} />
        ) : (
          <>
            <p class="soft">{t("signin:lead")}</p>
            <label>
              {t("signin:homeserver")}
              <input
                name="homeserver"
                defaultValue={server}
                onChange={(event) => setTyped(event.currentTarget.value.trim())}
                placeholder="example.org"
                autocapitalize="none"
                spellcheck={false}
                inputMode="url"
                data-testid="homeserver"
              />
            </label>
          </>
        )}
        <ClockWarning ahead={clockAhead.value} />
        {ways?.password !== false && <PasswordFields asksUser={!again} />}
        <p class="problem" role="alert" data-testid="signin-problem">
          {working ? "" : shown}
        </p>
        {ways?.password !== false && (
          <button type="submit" class="button primary wide" disabled={working} data-testid="signin">
            {t(working ? "signin:busy" : "signin:submit")}
          </button>
        )}
        {ways && <OtherWays ways={ways} again={again} disabled={working} attempt={attempt} />}
        {ways && !again && selectedRoom.value && (
          <GuestWay base={ways.base} disabled={working} attempt={attempt} />
        )}
        <p class="soft slow" role="status" data-testid="signin-slow">
          {slow && t("ways:slow")}
        </p>
      </form>
    </main>
  );
}

/** What the homeserver offers; asked as soon as one is named, and once for each. */
function useWays(typed: string) {
  const [ways, setWays] = useState<Ways | null>(null);
  const [problem, setProblem] = useState("");
  const asked = useRef<{ typed: string; answer: Promise<Ways> } | null>(null);

  const ask = (homeserver: string, user: string): Promise<Ways> => {
    const name = homeserver || user.replace(/^[^:]*:?/, "");
    if (asked.current?.typed === name) return asked.current.answer;
    const answer = discover(homeserver, user).then(askWays);
    const mine = { typed: name, answer };
    asked.current = mine;
    const isNewest = () => asked.current === mine;
    answer.then(
      (found) => isNewest() && setWays(found),
      () => {
        // Asked anew at the next try.
        if (isNewest()) asked.current = null;
      },
    );
    return answer;
  };
  useEffect(() => {
    setWays(null);
    setProblem("");
    if (!typed) return;
    let gone = false;
    ask(typed, "").catch((error: unknown) => {
      if (!gone) setProblem(sentence(error));
    });
    return () => {
      gone = true;
    };
  }, [typed]);
  return { ways, problem, ask };
}

async function enter(found: Session | null) {
  if (!found) return;
  const before = session.value;
  if (before?.expired && before.deviceId !== found.deviceId) {
    // Somebody else signed in: the keys that waited go.
    await (await import("../../matrix/client")).forget(before);
  }
  notice.value = null;
  remember(found);
}

function sentence(error: unknown): string {
  return error instanceof SignInError
    ? error.message
    : t("signin:failed", { error: String(error) });
}
