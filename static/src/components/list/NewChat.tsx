/** Ask for a user id, open the room with that person. */
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { startChat, USER_ID } from "../../matrix/people";
import { session } from "../../state/store";
import { t } from "../../text/i18n";

export function NewChat({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const typed = String(new FormData(form).get("user") ?? "").trim();
    const userId = complete(typed);
    if (!USER_ID.test(userId)) {
      setProblem(t("list:userLooks"));
      return;
    }
    setBusy(true);
    setProblem("");
    try {
      await startChat(userId);
      form.reset();
      dialog.current?.close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="new-chat-title">
      <form class="card" onSubmit={submit}>
        <h2 id="new-chat-title">{t("list:newCall")}</h2>
        <label>
          {t("signin:user")}
          <input
            name="user"
            required
            autocapitalize="none"
            spellcheck={false}
            placeholder="@name:example.org"
            data-testid="new-chat-user"
          />
        </label>
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
