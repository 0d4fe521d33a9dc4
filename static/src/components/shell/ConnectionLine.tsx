/** Says when the homeserver is not there; silent while all is well. */
import { connection } from "../../state/store";
import { t } from "../../text/i18n";

export function ConnectionLine() {
  const state = connection.value;
  return (
    <div role="status" data-testid="connection" data-state={state}>
      {state !== "online" && <p class={`connection connection-${state}`}>{t(`list:${state}`)}</p>}
    </div>
  );
}
