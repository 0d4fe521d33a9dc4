import { useState } from "preact/hooks";
import { acceptInvite, declineInvite } from "../../matrix/people";
import { tell } from "../../state/store";
import type { RoomSummary } from "../../state/types";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";

/** An invitation, with the two answers to it. */
export function InviteRow({ room }: { room: RoomSummary }) {
  const [busy, setBusy] = useState(false);
  const act = async (work: (roomId: string) => Promise<void>) => {
    setBusy(true);
    try {
      await work(room.id);
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error), "problem");
    }
    setBusy(false);
  };
  return (
    <div class="row invite" data-testid="invite" data-room={room.id}>
      <Avatar name={room.name} mxc={room.avatar} />
      <span class="row-words">
        <span class="row-name">{room.name}</span>
        <span class="row-preview">{t("list:from", { user: room.inviter ?? "" })}</span>
        <span class="invite-answers">
          <button
            type="button"
            class="button small primary"
            disabled={busy}
            onClick={() => void act(acceptInvite)}
            data-testid="accept-invite"
          >
            {t("list:accept")}
          </button>
          <button
            type="button"
            class="button small"
            disabled={busy}
            onClick={() => void act(declineInvite)}
          >
            {t("list:decline")}
          </button>
        </span>
      </span>
    </div>
  );
}
