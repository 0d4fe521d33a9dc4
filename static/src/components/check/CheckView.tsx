/** The network test: its steps as they run, what they found, what to do, and the result to copy. */
import { useEffect, useState } from "preact/hooks";
import { runCheck } from "../../matrix/check/run";
import { checkOpen, checkRunning, checkSteps, resultText } from "../../state/check";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";
import { CheckStep } from "./CheckStep";

export function CheckView() {
  const [leaving] = useState(() => new AbortController());
  useEffect(() => () => leaving.abort(), []);
  const steps = checkSteps.value;
  const running = checkRunning.value;
  const close = () => {
    checkOpen.value = false;
  };
  return (
    <article class="check" aria-labelledby="check-title" data-testid="check">
      <header class="sheet-head">
        <h1 id="check-title">{t("check:title")}</h1>
        <button
          type="button"
          class="round plain"
          aria-label={t("close")}
          onClick={close}
          data-testid="check-close"
        >
          <Icon name="close" />
        </button>
      </header>
      <p class="soft">{t("check:intro")}</p>
      <div class="check-buttons">
        <button
          type="button"
          class="button primary"
          disabled={running}
          onClick={() => void runCheck(leaving.signal)}
          data-testid="check-start"
        >
          {t(running ? "check:running" : steps.length ? "check:again" : "check:start")}
        </button>
        {steps.length > 0 && !running && <CopyResult />}
      </div>
      <ol class="check-steps" aria-live="polite" data-testid="check-steps" data-running={running}>
        {steps.map((step) => (
          <CheckStep key={step.id} step={step} />
        ))}
      </ol>
    </article>
  );
}

function CopyResult() {
  const [said, setSaid] = useState("");
  const copy = async () => {
    const heading = `${t("check:title")}, ${new Date().toISOString()}, ${navigator.userAgent}`;
    try {
      await navigator.clipboard.writeText(resultText(checkSteps.value, heading));
      setSaid(t("check:copied"));
    } catch {
      setSaid(t("check:notCopied"));
    }
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void copy()} data-testid="check-copy">
        {t("check:copy")}
      </button>
      <span role="status" class="soft" data-testid="check-copied">
        {said}
      </span>
    </>
  );
}
