/** Loads the panel when somebody asks for it. */
import { statsOpen } from "../../state/layout";
import { Later } from "../parts/Later";

const load = () => import("./StatsPanel").then(({ StatsPanel }) => StatsPanel);

export function StatsCorner() {
  const failed = () => {
    statsOpen.value = false;
  };
  return statsOpen.value ? <Later load={load} failed={failed} /> : null;
}
