/** Loads the network test when somebody opens it. */
import { checkOpen } from "../../state/check";
import { Later } from "../parts/Later";

const load = () => import("./CheckView").then(({ CheckView }) => CheckView);

export function CheckCorner() {
  const failed = () => {
    checkOpen.value = false;
  };
  return <Later load={load} failed={failed} />;
}
