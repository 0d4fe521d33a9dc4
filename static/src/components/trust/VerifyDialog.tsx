/** A verification as it runs: asked, how, compare, done. The same for both sides. */
import {
  acceptRequest,
  cancelVerification,
  compareEmoji,
  confirmMatch,
  denyMatch,
} from "../../matrix/trustverify";
import type { VerificationView } from "../../state/trust";
import { t } from "../../text/i18n";
import { EmojiGrid } from "./EmojiGrid";
import { Modal } from "./Modal";
import { QrChoice } from "./QrChoice";
import { ShieldIcon } from "./ShieldIcon";
import { useWork } from "./useWork";

export function VerifyDialog({ view }: { view: VerificationView }) {
  const { busy, problem, run } = useWork();
  const close = () => void cancelVerification();
  const { step, self, name } = view;
  const act = (work: () => Promise<void>) => () => void run(work);
  return (
    <Modal
      title={self ? t("trust:verifyDevices") : t("trust:verify", { name })}
      onClose={close}
      testid="verify"
    >
      <div
        class="trust-step"
        data-testid="verify-step"
        data-step={step}
        data-reason={view.reason}
        aria-live="polite"
      >
        {step === "asked" && <p>{t(self ? "trust:askedSelf" : "trust:askedPerson", { name })}</p>}
        {step === "waiting" && (
          <p>{t(self ? "trust:waitingSelf" : "trust:waitingPerson", { name })}</p>
        )}
        {step === "choose" && <QrChoice qr={view.qr} canScan={view.canScan} />}
        {step === "working" && <p>{t("trust:working")}</p>}
        {step === "emoji" && (
          <>
            <p>{t(self ? "trust:compareSelf" : "trust:comparePerson", { name })}</p>
            <EmojiGrid emoji={view.emoji} />
          </>
        )}
        {step === "scanned" && <p>{t("trust:scanned")}</p>}
        {step === "done" && (
          <p class="trust-line">
            <ShieldIcon kind="sure" />
            {self ? t("trust:doneSelf") : t("trust:donePerson", { name })}
          </p>
        )}
        {step === "cancelled" && <p>{reason(view)}</p>}
      </div>
      <p class="problem" role="alert">
        {problem}
      </p>
      <div class="dialog-buttons">
        {step === "done" || step === "cancelled" ? (
          <button type="button" class="button primary" onClick={close} data-testid="verify-close">
            {t("close")}
          </button>
        ) : step === "emoji" || step === "scanned" ? (
          <>
            <button type="button" class="button" onClick={denyMatch} data-testid="verify-differ">
              {t(step === "emoji" ? "trust:differ" : "trust:notScanned")}
            </button>
            <button
              type="button"
              class="button primary"
              disabled={busy}
              onClick={act(confirmMatch)}
              data-testid="verify-match"
            >
              {t(step === "emoji" ? "trust:match" : "trust:yesScanned")}
            </button>
          </>
        ) : (
          <>
            <button type="button" class="button" onClick={close} data-testid="verify-cancel">
              {t(step === "asked" ? "trust:notNow" : "cancel")}
            </button>
            {step === "asked" && (
              <button
                type="button"
                class="button primary"
                disabled={busy}
                onClick={act(acceptRequest)}
                data-testid="verify-accept"
              >
                {t("trust:start")}
              </button>
            )}
            {step === "choose" && (
              <button
                type="button"
                class="button primary"
                disabled={busy}
                onClick={act(compareEmoji)}
                data-testid="verify-emoji"
              >
                {t("trust:emoji")}
              </button>
            )}
          </>
        )}
      </div>
    </Modal>
  );
}

function reason({ reason: code, name }: VerificationView): string {
  switch (code) {
    case "m.mismatched_sas":
    case "m.key_mismatch":
    case "m.user_error":
      return t("trust:cancelledMismatch");
    case "m.timeout":
      return t("trust:cancelledTimeout");
    case "m.accepted":
      return t("trust:cancelledElsewhere");
    default:
      return t("trust:cancelledBy", { name });
  }
}
