/** Three ways to show that this device belongs to its person, or to begin anew. */
import { useState } from "preact/hooks";
import { recover, startAnew } from "../../matrix/trustrecovery";
import { verifyThisDevice } from "../../matrix/trustverify";
import { t } from "../../text/i18n";
import { useWork } from "./useWork";

export function ConfirmDevice({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [lost, setLost] = useState(false);
  const { busy, problem, run } = useWork();
  return (
    <>
      <p>{t("trust:confirmMore")}</p>
      <button
        type="button"
        class="button primary wide"
        disabled={busy}
        onClick={() => void run(verifyThisDevice)}
        data-testid="verify-device"
      >
        {t("trust:withDevice")}
      </button>
      <form
        class="trust-form"
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => recover(typed.trim()));
        }}
      >
        <label>
          {t("trust:recoveryKey")}
          <input
            value={typed}
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
            data-testid="recovery-typed"
          />
        </label>
        <button type="submit" class="button wide" disabled={busy} data-testid="recover">
          {t(busy ? "trust:working" : "trust:withKey")}
        </button>
      </form>
      <p class="problem" role="alert" data-testid="trust-problem">
        {problem}
      </p>
      {lost ? (
        <div class="trust-lost">
          <p>{t("trust:anewMore")}</p>
          <button
            type="button"
            class="button danger"
            disabled={busy}
            onClick={() => void run(startAnew)}
            data-testid="start-anew"
          >
            {t("trust:anew")}
          </button>
        </div>
      ) : (
        <button
          type="button"
          class="button link"
          onClick={() => setLost(true)}
          data-testid="lost-both"
        >
          {t("trust:lostBoth")}
        </button>
      )}
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose} data-testid="trust-later-dialog">
          {t("trust:later")}
        </button>
      </div>
    </>
  );
}
