/** Beside the list, while no room is open. */
import { rooms, selectedRoom } from "../../state/store";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";

export function Welcome() {
  const asked = selectedRoom.value !== null;
  return (
    <div class="welcome soft">
      <div class="mark">
        <Icon name={asked ? "search" : "phone"} />
      </div>
      <p>{words(asked, rooms.value.length)}</p>
      {asked && (
        <button type="button" class="button" onClick={() => (selectedRoom.value = null)}>
          {t("back")}
        </button>
      )}
    </div>
  );
}

function words(asked: boolean, known: number): string {
  if (asked) return t("list:notIn");
  if (known === 0) return t("list:empty");
  return t("list:choose");
}
