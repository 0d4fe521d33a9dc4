/** Beside the list, while no room is open. */
import { rooms, selectedRoom } from "../state/store";
import { Icon } from "./Icon";

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
          Back to the list
        </button>
      )}
    </div>
  );
}

function words(asked: boolean, known: number): string {
  if (asked) return "You are not in this room, or it has not arrived yet.";
  if (known === 0) return "Nobody here yet. Press + and type the user name of somebody to call.";
  return "Choose somebody to call.";
}
