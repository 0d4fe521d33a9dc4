/** Ask for a user id, open the room with that person. */
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { startChat, USER_ID } from "../matrix/people";
import { session } from "../state/store";

export function NewChat({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const typed = String(new FormData(form).get("user") ?? "").trim();
    const userId = complete(typed);
    if (!USER_ID.test(userId)) {
      setProblem("A user name looks like @name:example.org.");
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
        <h2 id="new-chat-title">Call someone new</h2>
        <label>
          User name
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
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy} data-testid="new-chat-start">
            {busy ? "Opening…" : "Continue"}
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
