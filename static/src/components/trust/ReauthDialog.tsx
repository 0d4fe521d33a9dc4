/** The homeserver asks again who it is. */
import { useState } from "preact/hooks";
import type { Reauthentication } from "../../state/trust";
import { t } from "../../text/i18n";
import { Modal } from "./Modal";

export function ReauthDialog({ asked }: { asked: Reauthentication }) {
  const [password, setPassword] = useState("");
  const { page, problem, answer } = asked;
  return (
    <Modal title={t("trust:reauth")} onClose={() => answer(null)} testid="reauth">
      <form
        class="trust-form"
        onSubmit={(event) => {
          event.preventDefault();
          answer(password);
        }}
      >
        <p>{t(page ? "trust:reauthPage" : "trust:reauthPassword")}</p>
        {page ? (
          <a class="button wide" href={page} target="_blank" rel="noopener noreferrer">
            {t("trust:openPage")}
          </a>
        ) : (
          <label>
            {t("signin:password")}
            <input
              type="password"
              required
              autocomplete="current-password"
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
              data-testid="reauth-password"
            />
          </label>
        )}
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => answer(null)}>
            {t("cancel")}
          </button>
          <button type="submit" class="button primary" data-testid="reauth-send">
            {t(page ? "trust:pageDone" : "list:continue")}
          </button>
        </div>
      </form>
    </Modal>
  );
}
