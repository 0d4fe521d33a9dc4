/** In the person's menu: the way to the dialog at any time; for guests, the way to an account. */
import { signOut } from "../../matrix/client";
import { call, session } from "../../state/store";
import { dialog, standing } from "../../state/trust";
import { t } from "../../text/i18n";

export function TrustMenu() {
  if (session.value?.guest) {
    return (
      <button
        type="button"
        class="button wide"
        disabled={call.value !== null}
        onClick={() => void signOut()}
        data-testid="guest-leave"
      >
        {t("trust:guestToAccount")}
      </button>
    );
  }
  return (
    <button
      type="button"
      class="button wide"
      disabled={standing.value === "unknown"}
      onClick={() => {
        dialog.value = "encryption";
      }}
      data-testid="encryption-menu"
    >
      {t("trust:menu")}
    </button>
  );
}
