/** Who is in a room, each to be called alone. */
import { useEffect, useRef } from "preact/hooks";
import { placeCall } from "../../matrix/calls";
import { MOST_MEMBERS, membersOf } from "../../matrix/members";
import { startChat } from "../../matrix/people";
import { call, rooms, session, tell } from "../../state/store";
import type { RoomSummary } from "../../state/types";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";
import { PersonLine } from "./PersonLine";

export function RoomDetails({ room, onClose }: { room: RoomSummary; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const members = membersOf(room.id);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="details-title" onClose={onClose}>
      <div class="card" data-testid="room-details">
        <h2 id="details-title">{t("people:detailsOf", { name: room.name })}</h2>
        <ul class="people">
          {members.map((person) => (
            <PersonLine person={person} key={person.userId}>
              {person.userId === session.value?.userId ? (
                <span class="soft">{t("people:you")}</span>
              ) : (
                <button
                  type="button"
                  class="round tinted"
                  aria-label={t("people:call", { name: person.name })}
                  onClick={() => {
                    onClose();
                    void callAlone(person.userId);
                  }}
                  data-testid="call-member"
                >
                  <Icon name="phone" />
                </button>
              )}
            </PersonLine>
          ))}
        </ul>
        {members.length === MOST_MEMBERS && (
          <p class="soft">{t("people:many", { count: MOST_MEMBERS })}</p>
        )}
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            {t("close")}
          </button>
        </div>
      </div>
    </dialog>
  );
}

/** Opens the conversation with them; it rings where they are in it already. */
async function callAlone(userId: string) {
  try {
    const roomId = await startChat(userId);
    const known = rooms.value.find((each) => each.id === roomId);
    if (known && !known.peerPending && !call.value) await placeCall(roomId, false);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error), "problem");
  }
}
