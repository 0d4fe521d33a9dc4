/** The call in progress: the other side large, ourselves small, the buttons below. */
import { useEffect } from "preact/hooks";
import { useRingback } from "../../sound/useRing";
import { messagesOpen } from "../../state/layout";
import type { CallView } from "../../state/types";
import { t } from "../../text/i18n";
import { Pictures } from "../layout/Pictures";
import { StageTools } from "../layout/StageTools";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { useArrival } from "../parts/useArrival";
import { StatsCorner } from "../stats/StatsCorner";
import { RoomShield } from "../trust/RoomShield";
import { CallControls } from "./CallControls";
import { CallTimer } from "./CallTimer";
import { CallTools } from "./CallTools";
import { HeldCalls } from "./HeldCalls";
import { StatsLine } from "./StatsLine";

export function CallStage({ call }: { call: CallView }) {
  useRingback(call.phase === "calling");
  useEffect(
    () => () => {
      messagesOpen.value = false;
    },
    [],
  );
  const stage = useArrival<HTMLElement>();
  const talking = call.phase === "connected" && !call.held;
  const screenSeen = talking && call.peerScreen !== null;
  const peerSeen = talking && !call.peerCameraOff;
  return (
    <section
      ref={stage}
      tabIndex={-1}
      class={peerSeen || screenSeen ? "stage stage-video" : "stage"}
      aria-label={t("call:with", { name: call.peerName })}
      data-testid="call"
      data-phase={call.reconnecting ? "reconnecting" : call.phase}
      data-peer-video={peerSeen}
      data-held={call.held}
    >
      <Pictures call={call} />
      <div class="stage-head">
        <HeldCalls stage={call} />
        {!peerSeen && !screenSeen && (
          <div class={call.phase === "calling" ? "halo halo-ringing" : "halo"}>
            <Avatar name={call.peerName} mxc={call.peerAvatar} size="large" />
          </div>
        )}
        <h1 data-testid="call-peer">{call.peerName}</h1>
        {call.saidToBe && (
          <p class="stage-said" data-testid="said-to-be">
            {t("lines:saysItIs", { name: call.saidToBe })}
          </p>
        )}
        <p role="status" class="stage-status" data-testid="call-status">
          {words(call)} {call.connectedAt !== null && <CallTimer since={call.connectedAt} />}
        </p>
        <RoomShield roomId={call.roomId} />
        {call.peerMicMuted && call.phase === "connected" && (
          <p class="stage-muted">
            <Icon name="micOff" /> {t("call:muted")}
          </p>
        )}
      </div>
      <StatsCorner />
      <div class="stage-foot">
        {call.ownScreen && <p class="stage-muted">{t("lines:sharing")}</p>}
        <StatsLine />
        <StageTools />
        <CallTools call={call} />
        <CallControls call={call} />
      </div>
    </section>
  );
}

function words(call: CallView): string {
  if (call.reconnecting) return t("call:reconnecting");
  if (call.held) return t("lines:youHold", { name: call.peerName });
  if (call.onHold) return t("lines:theyHold", { name: call.peerName });
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
