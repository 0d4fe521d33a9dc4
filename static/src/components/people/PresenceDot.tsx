import { presences } from "../../state/presence";
import { t } from "../../text/i18n";

/** On the corner of an avatar; nothing where it is not known. */
export function PresenceDot({ userId }: { userId: string | null }) {
  const state = presences.value.get(userId ?? "");
  if (!state) return null;
  return (
    <span class={`presence presence-${state}`} data-testid="presence" data-state={state}>
      <span class="unseen">{t(`people:${state}`)}</span>
    </span>
  );
}
