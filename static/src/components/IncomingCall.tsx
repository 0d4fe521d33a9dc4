/** Somebody calls: who, and the answers to it. */
import { useEffect } from "preact/hooks";
import { answer, decline } from "../matrix/calls";
import { useRing } from "../sound/useRing";
import { config, call as stage } from "../state/store";
import type { CallView } from "../state/types";
import { Avatar } from "./Avatar";
import { Icon } from "./Icon";

export function IncomingCall({ call }: { call: CallView }) {
  const busy = stage.value !== null;
  useRing(!busy);
  useEffect(() => {
    document.title = `${call.peerName} is calling`;
    return () => {
      document.title = config.value.brand;
    };
  }, [call.peerName]);
  const what = call.video ? "video call" : "voice call";
  return (
    <section
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
          Incoming {what}
          {busy && ". Answering ends the call you are in."}
        </p>
      </div>
      <div class="controls">
        <button type="button" class="control hangup" onClick={decline} data-testid="decline">
          <span class="control-face">
            <Icon name="hangup" />
          </span>
          Decline
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
            Video
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
          {call.video ? "Voice only" : "Answer"}
        </button>
      </div>
    </section>
  );
}
