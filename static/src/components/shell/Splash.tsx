/** While the client loads, or the reason why it does not. */

import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";

export function Splash({ problem }: { problem: string }) {
  return (
    <main class="centre" aria-busy={!problem}>
      <div class={problem ? "mark" : "mark mark-busy"}>
        <Icon name="phone" />
      </div>
      {problem ? <p role="alert">{problem}</p> : <p class="soft">{t("opening")}</p>}
    </main>
  );
}
