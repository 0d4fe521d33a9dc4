/** The call in progress: the other side large, ourselves small, the buttons below. */

import { useRingback } from "../../sound/useRing";
import type { CallView } from "../../state/types";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { StreamVideo } from "../parts/StreamVideo";
import { useArrival } from "../parts/useArrival";
import { CallControls } from "./CallControls";
import { CallTimer } from "./CallTimer";
import { StatsLine } from "./StatsLine";

export function CallStage({ call }: { call: CallView }) {
  useRingback(call.phase === "calling");
  const stage = useArrival<HTMLElement>();
  const peerSeen = call.phase === "connected" && !call.peerCameraOff;
  const selfSeen = call.localStream !== null && !call.cameraOff && call.video;
  return (
    <section
      ref={stage}
      tabIndex={-1}
      class={peerSeen ? "stage stage-video" : "stage"}
      aria-label={t("call:with", { name: call.peerName })}
      data-testid="call"
      data-phase={call.reconnecting ? "reconnecting" : call.phase}
      data-peer-video={peerSeen}
    >
      {/* It plays the sound too, so it stays when there is nothing to see. */}
      <StreamVideo
        stream={call.remoteStream}
        classes="peer-video"
        hidden={!peerSeen}
        testid="remote-video"
      />
      <div class="stage-head">
        {!peerSeen && (
          <div class={call.phase === "calling" ? "halo halo-ringing" : "halo"}>
            <Avatar name={call.peerName} mxc={call.peerAvatar} size="large" />
          </div>
        )}
        <h1 data-testid="call-peer">{call.peerName}</h1>
        <p role="status" class="stage-status">
          {words(call)} {call.connectedAt !== null && <CallTimer since={call.connectedAt} />}
        </p>
        {call.peerMicMuted && call.phase === "connected" && (
          <p class="stage-muted">
            <Icon name="micOff" /> {t("call:muted")}
          </p>
        )}
      </div>
      {selfSeen && (
        <StreamVideo stream={call.localStream} classes="self-video" muted testid="local-video" />
      )}
      <div class="stage-foot">
        <StatsLine />
        <CallControls call={call} />
      </div>
    </section>
  );
}

function words(call: CallView): string {
  if (call.reconnecting) return t("call:reconnecting");
  if (call.onHold) return t("call:onHold");
  switch (call.phase) {
    case "starting":
      return t("call:starting");
    case "calling":
      return t("call:ringing");
    case "connecting":
      return t("call:connecting");
    default:
      return "";
  }
}
