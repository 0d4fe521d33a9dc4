/** For whoever was sent a room's link and has no account: a name, and in. */
import { useState } from "preact/hooks";
import { SignInError } from "../../signin/errors";
import { t } from "../../text/i18n";
import type { Attempt } from "./SignIn";

interface Props {
  base: string;
  disabled: boolean;
  attempt: Attempt;
}

export function GuestWay({ base, disabled, attempt }: Props) {
  const [name, setName] = useState("");
  const enter = () =>
    attempt(async () => {
      if (!name.trim()) throw new SignInError(t("ways:guestNameless"));
      return (await import("../../signin/guest")).enterAsGuest(base, name);
    });
  return (
    <details class="guest">
      <summary data-testid="guest">{t("ways:guest")}</summary>
      <label>
        {t("ways:guestName")}
        <input
          value={name}
          maxLength={64}
          autocomplete="name"
          onInput={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault(); // Or the password's form is sent.
            enter();
          }}
          data-testid="guest-name"
        />
      </label>
      <button
        type="button"
        class="button wide"
        disabled={disabled}
        onClick={enter}
        data-testid="guest-enter"
      >
        {t("ways:guestEnter")}
      </button>
    </details>
  );
}
