/** Find somebody, by name or user id, and open the conversation with them. */
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { startChat, USER_ID } from "../../matrix/people";
import { session } from "../../state/store";
import { t } from "../../text/i18n";
import { PersonLine } from "../people/PersonLine";
import { usePeople } from "../people/usePeople";

export function NewChat({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const people = usePeople(words);

  const open = async (userId: string) => {
    if (!USER_ID.test(userId)) {
      setProblem(t("list:userLooks"));
      return;
    }
    setBusy(true);
    setProblem("");
    try {
      await startChat(userId);
      setWords("");
      dialog.current?.close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="new-chat-title">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void open(complete(words.trim()));
        }}
      >
        <h2 id="new-chat-title">{t("list:newCall")}</h2>
        <label>
          {t("people:who")}
          <input
            name="user"
            required
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            placeholder={t("people:whoHint")}
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
            data-testid="new-chat-user"
          />
        </label>
        {words.trim() && people.length > 0 && (
          <ul class="people" aria-label={t("people:found")}>
            {people.map((person) => (
              <PersonLine person={person} key={person.userId}>
                <button
                  type="button"
                  class="button small"
                  disabled={busy}
                  aria-label={t("people:choose", { name: person.name })}
                  onClick={() => void open(person.userId)}
                  data-testid="choose"
                >
                  {t("list:continue")}
                </button>
              </PersonLine>
            ))}
          </ul>
        )}
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            {t("cancel")}
          </button>
          <button type="submit" class="button primary" disabled={busy} data-testid="new-chat-start">
            {t(busy ? "list:openingRoom" : "list:continue")}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** "bob" → "@bob:our.server". */
function complete(typed: string): string {
  const name = typed.startsWith("@") ? typed : `@${typed}`;
  const server = session.value?.userId.replace(/^[^:]*:/, "") ?? "";
  return name.includes(":") ? name : `${name}:${server}`;
}
