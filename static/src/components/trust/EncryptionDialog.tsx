/** This device's standing, and the step that it lacks. */
import { dialog, recoverable, standing } from "../../state/trust";
import { t } from "../../text/i18n";
import { ConfirmDevice } from "./ConfirmDevice";
import { Modal } from "./Modal";
import { SetUpRecovery } from "./SetUpRecovery";
import { ShieldIcon } from "./ShieldIcon";

export function EncryptionDialog() {
  const close = () => {
    dialog.value = null;
  };
  const unverified = standing.value === "unverified";
  if (unverified) {
    return (
      <Modal title={t("trust:confirmTitle")} onClose={close} testid="encryption">
        <ConfirmDevice onClose={close} />
      </Modal>
    );
  }
  const done = standing.value === "verified" && recoverable.value;
  return (
    <Modal
      title={t(done ? "trust:allSet" : "trust:setUpTitle")}
      onClose={close}
      testid="encryption"
    >
      {done ? <AllSet onClose={close} /> : <SetUpRecovery onClose={close} />}
    </Modal>
  );
}

function AllSet({ onClose }: { onClose: () => void }) {
  return (
    <>
      <p class="trust-line" data-testid="all-set">
        <ShieldIcon kind="sure" />
        {t("trust:allSetMore")}
      </p>
      <div class="dialog-buttons">
        <button type="button" class="button primary" onClick={onClose} data-testid="trust-close">
          {t("close")}
        </button>
      </div>
    </>
  );
}
