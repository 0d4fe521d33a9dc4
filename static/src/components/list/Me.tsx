/** The signed-in person, and the menu with sign-out and the relay switch. */
import { useState } from "preact/hooks";
import { setRelay } from "../../matrix/calls";
import { signOut } from "../../matrix/client";
import { setRelayOnly } from "../../state/session";
import { call, me, relayOnly, session } from "../../state/store";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { LanguageChoice } from "../parts/LanguageChoice";
import { TrustMenu } from "../trust/TrustMenu";
import { ToolsMenu } from "./ToolsMenu";

export function Me() {
  const [leaving, setLeaving] = useState(false);
  const { name, avatar } = me.value;
  return (
    <header class="me">
      <Avatar name={name} mxc={avatar} />
      <span class="row-words">
        <span class="row-name" data-testid="me">
          {name}
        </span>
        <span class="row-preview">{session.value?.userId}</span>
      </span>
      <details class="menu">
        <summary class="round plain" aria-label={t("list:menu")} data-testid="menu">
          <Icon name="more" />
        </summary>
        <div class="menu-card">
          <label class="switch">
            <input
              type="checkbox"
              checked={relayOnly.value}
              onChange={(event) => {
                setRelayOnly(event.currentTarget.checked);
                setRelay(event.currentTarget.checked);
              }}
              data-testid="relay-only"
            />
            <span>
              {t("list:relayOnly")}
              <small class="soft">{t("list:relayOnlyMore")}</small>
            </span>
          </label>
          <LanguageChoice />
          <ToolsMenu />
          <TrustMenu />
          <button
            type="button"
            class="button wide"
            disabled={leaving || call.value !== null}
            onClick={() => {
              setLeaving(true);
              void signOut();
            }}
            data-testid="sign-out"
          >
            {t(leaving ? "list:signingOut" : "list:signOut")}
          </button>
          <small class="soft">{t("list:signOutMore")}</small>
        </div>
      </details>
    </header>
  );
}
