/** The other side wants us to go on with somebody else: the person decides. */
import { agreeToTransfer, declineTransfer } from "../../matrix/transferred";
import { transferAsked } from "../../state/calls";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";

export function TransferAsked() {
  const asked = transferAsked.value;
  if (!asked) return null;
  return (
    <section
      class="incoming"
      role="alertdialog"
      aria-labelledby="asked-who"
      aria-describedby="asked-what"
      data-testid="transfer-asked"
    >
      <div class="incoming-who">
        <Avatar name={asked.targetName} mxc={null} size="large" />
        <p class="asked-by">{t("lines:asks", { name: asked.by })}</p>
        <h2 id="asked-who" data-testid="transfer-target">
          {asked.targetName}
        </h2>
        {asked.target !== asked.targetName && <p class="asked-id">{asked.target}</p>}
        <p id="asked-what" aria-live="assertive">
          {t("lines:asksMore")}
        </p>
      </div>
      <div class="controls">
        <button
          type="button"
          class="control"
          onClick={declineTransfer}
          data-testid="transfer-decline"
        >
          <span class="control-face">
            <Icon name="close" />
          </span>
          {t("lines:stay")}
        </button>
        <button
          type="button"
          class="control answer"
          onClick={() => void agreeToTransfer()}
          data-testid="transfer-agree"
        >
          <span class="control-face">
            <Icon name="forward" />
          </span>
          {t("lines:goAlong")}
        </button>
      </div>
    </section>
  );
}
