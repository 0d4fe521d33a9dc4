/** Homeserver, user name, password; a sentence when it does not work. */
import { useEffect, useState } from "preact/hooks";
import { SignInError } from "../../signin/errors";
import { login } from "../../signin/login";
import { remember } from "../../state/session";
import { config, notice } from "../../state/store";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";

export function SignIn() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  // The client loads while the person types; a failure shows when it is needed.
  useEffect(() => {
    const timer = setTimeout(() => void import("../../matrix/client").catch(() => {}), 400);
    return () => clearTimeout(timer);
  }, []);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string) => String(form.get(name) ?? "");
    setBusy(true);
    setProblem("");
    try {
      const found = await login(
        field("homeserver"),
        field("user"),
        field("password"),
        `${config.value.brand} (web)`,
      );
      notice.value = null;
      remember(found);
    } catch (error) {
      setProblem(
        error instanceof SignInError ? error.message : t("signin:failed", { error: String(error) }),
      );
      setBusy(false);
    }
  };

  const shown = problem || notice.value?.text || "";
  return (
    <main class="centre signin">
      <form class="card" onSubmit={submit} aria-labelledby="signin-title">
        <div class="mark">
          <Icon name="phone" />
        </div>
        <h1 id="signin-title">{config.value.brand}</h1>
        <p class="soft">{t("signin:lead")}</p>
        <label>
          {t("signin:homeserver")}
          <input
            name="homeserver"
            value={config.value.homeserver ?? ""}
            placeholder="example.org"
            autocapitalize="none"
            spellcheck={false}
            inputMode="url"
            data-testid="homeserver"
          />
        </label>
        <label>
          {t("signin:user")}
          <input
            name="user"
            required
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            placeholder={t("signin:userHint")}
            data-testid="user"
          />
        </label>
        <label>
          {t("signin:password")}
          <input
            name="password"
            type="password"
            required
            autocomplete="current-password"
            data-testid="password"
          />
        </label>
        <p class="problem" role="alert" data-testid="signin-problem">
          {shown}
        </p>
        <button type="submit" class="button primary wide" disabled={busy} data-testid="signin">
          {t(busy ? "signin:busy" : "signin:submit")}
        </button>
      </form>
    </main>
  );
}
