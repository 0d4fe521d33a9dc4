/** What the window above all others shows: the other side, mute, hang up. */
import { setMicMuted } from "../../matrix/callmedia";
import { hangUp } from "../../matrix/calls";
import { call } from "../../state/store";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { StreamVideo } from "../parts/StreamVideo";

export function FloatingCall() {
  const shown = call.value;
  if (!shown) return null;
  const seen = shown.peerScreen ?? (shown.peerCameraOff ? null : shown.remoteStream);
  const mute = t(shown.micMuted ? "call:unmute" : "call:mute");
  return (
    <main class="floating" data-testid="floating">
      {seen ? (
        <StreamVideo
          stream={seen}
          classes="pic-video"
          muted
          label={shown.peerName}
          testid="floating-video"
        />
      ) : (
        <Avatar name={shown.peerName} mxc={shown.peerAvatar} size="large" />
      )}
      <div class="floating-foot">
        <button
          type="button"
          class="view-tool"
          aria-label={mute}
          title={mute}
          onClick={() => void setMicMuted(!shown.micMuted)}
        >
          <Icon name={shown.micMuted ? "micOff" : "mic"} />
        </button>
        <button
          type="button"
          class="view-tool view-tool-hangup"
          aria-label={t("call:hangUp")}
          title={t("call:hangUp")}
          onClick={hangUp}
        >
          <Icon name="hangup" />
        </button>
      </div>
    </main>
  );
}
