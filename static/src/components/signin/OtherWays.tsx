/** Signing in somewhere else: at the homeserver's OAuth 2.0 server, or by single sign-on. */
import type { Provider, Ways } from "../../signin/ways";
import type { Session } from "../../state/types";
import { t } from "../../text/i18n";
import type { Attempt } from "./SignIn";

interface Props {
  ways: Ways;
  /** The device that signs in again. */
  again: Session | null;
  disabled: boolean;
  attempt: Attempt;
}

export function OtherWays({ ways, again, disabled, attempt }: Props) {
  if (!ways.oauth && ways.providers.length === 0) return null;
  const authorize = () =>
    attempt(async () => {
      const { goToAuthorization } = await import("../../signin/oauth");
      await goToAuthorization(ways, again?.deviceId);
      return null;
    });
  const goTo = (provider: Provider) =>
    attempt(async () => {
      const { goToProvider } = await import("../../signin/sso");
      goToProvider(ways, provider, again?.deviceId);
      return null;
    });
  return (
    <div class="ways">
      {ways.password && <p class="or soft">{t("ways:or")}</p>}
      {Boolean(ways.oauth) && (
        <button
          type="button"
          class={ways.password ? "button wide" : "button primary wide"}
          disabled={disabled}
          onClick={authorize}
          data-testid="oauth"
        >
          {t("ways:oauth", { server: new URL(ways.base).host })}
        </button>
      )}
      {ways.providers.map((provider) => (
        <button
          key={provider.id}
          type="button"
          class="button wide"
          disabled={disabled}
          onClick={() => goTo(provider)}
          data-testid="sso"
        >
          {provider.name ? t("ways:provider", { name: provider.name }) : t("ways:sso")}
        </button>
      ))}
    </div>
  );
}
