/** Beside a room's or a call's name: how far the people there are trusted. */
import type { ComponentChildren } from "preact";
import { dialog, roomTrust } from "../../state/trust";
import { t } from "../../text/i18n";
import "../../style/trust.css";
import { ShieldIcon } from "./ShieldIcon";
import { shieldOf, trustWords } from "./words";

interface Props {
  roomId: string;
  /** Said where nothing is known of the people, as in a room without encryption. */
  children?: ComponentChildren;
}

export function RoomShield({ roomId, children = null }: Props) {
  const found = roomTrust.value;
  if (!found?.least || found.roomId !== roomId) return <>{children}</>;
  const words = trustWords(found.least);
  return (
    <button
      type="button"
      class={`trust-chip trust-${found.least}`}
      title={t("trust:details")}
      onClick={() => {
        dialog.value = "person";
      }}
      data-testid="shield"
      data-trust={found.least}
    >
      <ShieldIcon kind={shieldOf(found.least)} />
      {words}
    </button>
  );
}
