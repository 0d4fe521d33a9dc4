/** Any other file, to be saved. */
import type { Attachment } from "../../state/types";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";
import { save, useAttachment } from "./useAttachment";

export function FileCard({ attachment }: { attachment: Attachment }) {
  const { busy, problem, fetchIt } = useAttachment(attachment);
  return (
    <div class="file">
      <Icon name="file" />
      <span class="row-name">{attachment.name}</span>
      <button
        type="button"
        class="round plain"
        aria-label={t("room:saveFile", { name: attachment.name })}
        disabled={busy}
        onClick={() => void fetchIt().then((url) => url && save(url, attachment.name))}
      >
        <Icon name="download" />
      </button>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
