import { t } from "../../text/i18n";

/** `asksUser` is off where it is known who signs in. */
export function PasswordFields({ asksUser }: { asksUser: boolean }) {
  return (
    <>
      {asksUser && (
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
      )}
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
    </>
  );
}
