/** Shows the recovery key once; what it is for is done when the person has it somewhere safe. */
import { useEffect, useState } from "preact/hooks";
import { dropRecoveryKey, makeRecoveryKey, setUpRecovery } from "../../matrix/trustrecovery";
import { config, session } from "../../state/store";
import { t } from "../../text/i18n";
import { useWork } from "./useWork";

export function SetUpRecovery({ onClose }: { onClose: () => void }) {
  const [key, setKey] = useState("");
  const [kept, setKept] = useState(false);
  const [copied, setCopied] = useState(false);
  const { busy, problem, run } = useWork();
  useEffect(() => {
    void run(async () => setKey(await makeRecoveryKey()));
    return dropRecoveryKey;
  }, []);

  return (
    <>
      <p>{t("trust:setUpMore")}</p>
      <output class="recovery-key" data-testid="recovery-key">
        {key}
      </output>
      <div class="trust-row">
        <button
          type="button"
          class="button small"
          disabled={!key}
          onClick={() => {
            void navigator.clipboard?.writeText(key).then(() => setCopied(true));
          }}
          data-testid="recovery-copy"
        >
          {t(copied ? "trust:copied" : "trust:copy")}
        </button>
        <button
          type="button"
          class="button small"
          disabled={!key}
          onClick={() => save(key)}
          data-testid="recovery-save"
        >
          {t("save")}
        </button>
      </div>
      <label class="switch">
        <input
          type="checkbox"
          checked={kept}
          onChange={(event) => setKept(event.currentTarget.checked)}
          data-testid="recovery-kept"
        />
        <span>{t("trust:kept")}</span>
      </label>
      <p class="problem" role="alert">
        {problem}
      </p>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose} data-testid="recovery-later">
          {t("trust:later")}
        </button>
        <button
          type="button"
          class="button primary"
          disabled={busy || !kept || !key}
          onClick={() => void run(setUpRecovery)}
          data-testid="recovery-done"
        >
          {t(busy && key ? "trust:settingUp" : "trust:setUp")}
        </button>
      </div>
    </>
  );
}

/** A text file that says what it is when it is found in a year. */
function save(key: string) {
  const words = t("trust:fileWords", { brand: config.value.brand, user: session.value?.userId });
  const url = URL.createObjectURL(new Blob([`${words}\n\n${key}\n`], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "recovery-key.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
