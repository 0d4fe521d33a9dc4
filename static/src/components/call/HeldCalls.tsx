/** Those who wait on hold beside the call on the stage. */
import { hangUpHeld, swapTo } from "../../matrix/calls";
import { connectWith } from "../../matrix/transfers";
import { heldCalls } from "../../state/calls";
import type { CallView } from "../../state/types";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";

export function HeldCalls({ stage }: { stage: CallView }) {
  const held = heldCalls.value;
  if (held.length === 0) return null;
  return (
    <ul class="held" aria-label={t("lines:others")}>
      {held.map((each) => (
        <Held call={each} stage={stage} key={each.id} />
      ))}
    </ul>
  );
}

function Held({ call, stage }: { call: CallView; stage: CallView }) {
  const name = call.peerName;
  // Both sides have to take part (MSC2747): one places the new call, the other awaits it.
  const connects = stage.phase === "connected" && stage.transferable && call.transferable;
  return (
    <li class="held-call" data-testid="held" data-phase={call.phase}>
      <Avatar name={name} mxc={call.peerAvatar} />
      <span class="row-words">
        <span class="row-name" data-testid="held-peer">
          {name}
        </span>
        <span class="held-state">
          {t(call.phase === "connected" ? "call:onHold" : "call:ringing")}
        </span>
      </span>
      {connects && (
        <button
          type="button"
          class="held-button"
          aria-label={t("lines:connect", { name: stage.peerName, other: name })}
          title={t("lines:connect", { name: stage.peerName, other: name })}
          onClick={() => void connectWith(call.id)}
          data-testid="connect-both"
        >
          <Icon name="people" />
        </button>
      )}
      <button
        type="button"
        class="held-button"
        aria-label={t("lines:swap", { name })}
        title={t("lines:swap", { name })}
        onClick={() => swapTo(call.id)}
        data-testid="swap"
      >
        <Icon name="swap" />
      </button>
      <button
        type="button"
        class="held-button held-end"
        aria-label={t("lines:end", { name })}
        title={t("lines:end", { name })}
        onClick={() => hangUpHeld(call.id)}
        data-testid="end-held"
      >
        <Icon name="hangup" />
      </button>
    </li>
  );
}
