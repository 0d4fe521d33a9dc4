/** Whom to hand the call over to, or to talk to while it waits. */
import { useEffect, useRef, useState } from "preact/hooks";
import { callFirst, transferTo } from "../../matrix/transfers";
import { rooms } from "../../state/store";
import type { CallView, Person } from "../../state/types";
import { t } from "../../text/i18n";
import { PersonLine } from "../people/PersonLine";
import { usePeople } from "../people/usePeople";

export function TransferDialog({ call, onClose }: { call: CallView; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState("");
  const peerId = rooms.value.find((each) => each.id === call.roomId)?.peerId ?? null;
  const people = usePeople(words, peerId);
  useEffect(() => dialog.current?.showModal(), []);
  const name = call.peerName;
  const act = (work: (userId: string) => Promise<void>, person: Person) => {
    onClose();
    void work(person.userId);
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="transfer-title" onClose={onClose}>
      <div class="card" data-testid="transfer-dialog">
        <h2 id="transfer-title">
          {call.transferable ? t("lines:transferTitle", { name }) : t("lines:secondTitle")}
        </h2>
        <p class="soft">
          {t(call.transferable ? "lines:transferMore" : "lines:secondMore", { name })}
        </p>
        <label>
          {t("lines:who")}
          <input
            value={words}
            autocapitalize="none"
            spellcheck={false}
            onInput={(event) => setWords(event.currentTarget.value)}
            data-testid="transfer-search"
          />
        </label>
        <ul class="people">
          {people.map((person) => (
            <PersonLine person={person} key={person.userId}>
              <button
                type="button"
                class="button small"
                aria-label={t("lines:callFirstTo", { name: person.name })}
                onClick={() => act(callFirst, person)}
                data-testid="call-first"
              >
                {t("lines:callFirst")}
              </button>
              {call.transferable && (
                <button
                  type="button"
                  class="button small primary"
                  aria-label={t("lines:transferNowTo", { name: person.name })}
                  onClick={() => act(transferTo, person)}
                  data-testid="transfer-now"
                >
                  {t("lines:transferNow")}
                </button>
              )}
            </PersonLine>
          ))}
        </ul>
        {people.length === 0 && words && <p class="soft">{t("lines:nobody")}</p>}
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            {t("cancel")}
          </button>
        </div>
      </div>
    </dialog>
  );
}
