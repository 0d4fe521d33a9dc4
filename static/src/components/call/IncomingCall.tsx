/** Somebody calls: who, and the answers to it. During a call it is a card, and that call can wait. */
import { useEffect } from "preact/hooks";
import { answer, decline } from "../../matrix/calls";
import { notifyIncoming } from "../../notify/incoming";
import { useRing } from "../../sound/useRing";
import { moreRinging } from "../../state/calls";
import { call as stage } from "../../state/store";
import type { CallView } from "../../state/types";
import { t } from "../../text/i18n";
import { DevicesButton } from "../devices/DevicesButton";
import { Avatar } from "../parts/Avatar";
import { Icon, type IconName } from "../parts/Icon";
import { useArrival } from "../parts/useArrival";

export function IncomingCall({ call }: { call: CallView }) {
  const more = moreRinging.value;
  const busy = stage.value !== null;
  // During a call it leaves that call's buttons, and the keyboard, where they are.
  const dialog = useArrival<HTMLDialogElement>(!busy);
  useRing(busy);
  useEffect(() => notifyIncoming(call), [call.id]);
  return (
    <dialog
      ref={dialog}
      tabIndex={-1}
      // A call that rings is answered or declined, not dismissed.
      onCancel={(event) => event.preventDefault()}
      class={busy ? "incoming incoming-waiting" : "incoming"}
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
          {more > 0 && ` · ${t("lines:moreRing", { count: more })}`}
        </p>
      </div>
      <DevicesButton />
      <div class="controls">
        <Answer look="hangup" icon="hangup" onClick={decline} testid="decline">
          {t("call:decline")}
        </Answer>
        {busy && (
          <Answer icon="hangup" onClick={() => void answer(false, "end")} testid="answer-end">
            {t("lines:answerEnd")}
          </Answer>
        )}
        {call.video && (
          <Answer
            look="answer"
            icon="video"
            onClick={() => void answer(true)}
            testid="answer-video"
          >
            {t("call:answerVideo")}
          </Answer>
        )}
        <Answer look="answer" icon="phone" onClick={() => void answer(false)} testid="answer">
          {voice(call.video, busy)}
        </Answer>
      </div>
    </dialog>
  );
}

function voice(video: boolean, busy: boolean): string {
  if (video) return t("call:answerVoice");
  return t(busy ? "lines:answerHold" : "call:answer");
}

interface AnswerProps {
  look?: "answer" | "hangup";
  icon: IconName;
  onClick: () => void;
  testid: string;
  children: string;
}

function Answer({ look, icon, onClick, testid, children }: AnswerProps) {
  return (
    <button type="button" class={`control ${look ?? ""}`} onClick={onClick} data-testid={testid}>
      <span class="control-face">
        <Icon name={icon} />
      </span>
      {children}
    </button>
  );
}
