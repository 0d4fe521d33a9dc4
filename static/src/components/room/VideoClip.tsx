/** A video recording: a card to open it, then the browser's own player. */
import type { Attachment } from "../../state/types";
import { t } from "../../text/i18n";
import { clock } from "../../text/time";
import { Icon } from "../parts/Icon";
import { save, useAttachment } from "./useAttachment";

export function VideoClip({ attachment }: { attachment: Attachment }) {
  const { url, busy, problem, fetchIt } = useAttachment(attachment);
  return (
    <div class="clip">
      {url ? (
        // biome-ignore lint/a11y/useMediaCaption: recordings of calls come without captions
        <video src={url} controls autoplay playsInline data-testid="clip" />
      ) : (
        <button
          type="button"
          class="clip-poster"
          disabled={busy}
          onClick={() => void fetchIt()}
          data-testid="open-clip"
        >
          <Icon name="play" />
          <span>
            {t(busy ? "room:fetching" : "room:playVideo")}
            {attachment.duration !== null && ` · ${clock(attachment.duration)}`}
          </span>
        </button>
      )}
      {url && (
        <button type="button" class="button small" onClick={() => save(url, attachment.name)}>
          {t("save")}
        </button>
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
