/** Loads the dialog when somebody asks for it. */
import { devicesOpen } from "../../state/devices";
import { Later } from "../parts/Later";

const load = () => import("./DevicesDialog").then(({ DevicesDialog }) => DevicesDialog);

export function DevicesCorner() {
  const failed = () => {
    devicesOpen.value = false;
  };
  return devicesOpen.value ? <Later load={load} failed={failed} /> : null;
}
