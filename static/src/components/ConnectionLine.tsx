/** Says when the homeserver is not there; silent while all is well. */
import { connection } from "../state/store";

const WORDS = {
  connecting: "Connecting to the homeserver…",
  reconnecting: "The homeserver cannot be reached. Trying again… Calls that are connected go on.",
  online: "",
};

export function ConnectionLine() {
  const state = connection.value;
  return (
    <div role="status" data-testid="connection" data-state={state}>
      {state !== "online" && <p class={`connection connection-${state}`}>{WORDS[state]}</p>}
    </div>
  );
}
