/** The homeserver ended the session but not the device: sign in and go on, or give it up. */
import { useState } from "preact/hooks";
import type { Session } from "../../state/types";
import { t } from "../../text/i18n";

export function SignInAgain({ device, disabled }: { device: Session; disabled: boolean }) {
  const [leaving, setLeaving] = useState(false);
  const leave = async () => {
    setLeaving(true);
    await (await import("../../matrix/client")).forget(device);
  };
  return (
    <>
      <p class="soft" data-testid="signin-again">
        {t("ways:again", { user: device.userId })}
      </p>
      <button
        type="button"
        class="button small"
        disabled={disabled || leaving}
        onClick={() => void leave()}
        data-testid="signin-other"
      >
        {t("ways:againOther")}
      </button>
    </>
  );
}
