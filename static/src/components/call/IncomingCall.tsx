/** Somebody calls: who, and the answers to it. */
import { useEffect } from "preact/hooks";
import { answer, decline } from "../../matrix/calls";
import { useRing } from "../../sound/useRing";
import { config, call as stage } from "../../state/store";
import type { CallView } from "../../state/types";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { useArrival } from "../parts/useArrival";

export function IncomingCall({ call }: { call: CallView }) {
  const dialog = useArrival<HTMLDialogElement>();
  const busy = stage.value !== null;
  useRing(!busy);
  useEffect(() => {
    document.title = t("call:isCalling", { name: call.peerName });
    return () => {
      document.title = config.value.brand;
    };
  }, [call.peerName]);
  return (
    <dialog
      ref={dialog}
      tabIndex={-1}
      // A call that rings is answered or declined, not dismissed.
      onCancel={(event) => event.preventDefault()}
      class="incoming"
      role="alertdialog"
      aria-labelledby="incoming-who"
      aria-describedby="incoming-what"
      data-testid="incoming"
    >
      <div class="incoming-who">
        <div class="halo halo-ringing">
          <Avatar name={call.peerName} mxc={call.peerAvatar} size="large" />
        </div>
        <h2 id="incoming-who" data-testid="incoming-peer">
          {call.peerName}
        </h2>
        <p id="incoming-what" aria-live="assertive">
          {t(call.video ? "call:incomingVideo" : "call:incomingVoice")}
          {busy && ` · ${t("call:answerEnds")}`}
        </p>
      </div>
      <div class="controls">
        <button type="button" class="control hangup" onClick={decline} data-testid="decline">
          <span class="control-face">
            <Icon name="hangup" />
          </span>
          {t("call:decline")}
        </button>
        {call.video && (
          <button
            type="button"
            class="control answer"
            onClick={() => void answer(true)}
            data-testid="answer-video"
          >
            <span class="control-face">
              <Icon name="video" />
            </span>
            {t("call:answerVideo")}
          </button>
        )}
        <button
          type="button"
          class="control answer"
          onClick={() => void answer(false)}
          data-testid="answer"
        >
          <span class="control-face">
            <Icon name="phone" />
          </span>
          {t(call.video ? "call:answerVoice" : "call:answer")}
        </button>
      </div>
    </dialog>
  );
}
