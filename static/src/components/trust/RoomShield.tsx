/** Beside a room's or a call's name: how far the people there are trusted. */
import { dialog, roomTrust } from "../../state/trust";
import { t } from "../../text/i18n";
import "../../style/trust.css";
import { ShieldIcon } from "./ShieldIcon";
import { shieldOf, trustWords } from "./words";

export function RoomShield({ roomId }: { roomId: string }) {
  const found = roomTrust.value;
  if (!found?.least || found.roomId !== roomId) return null;
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
