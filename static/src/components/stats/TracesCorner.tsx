/** Loads the dialog when somebody asks for it. */
import { tracesOpen } from "../../state/traces";
import { Later } from "../parts/Later";

const load = () => import("./TracesDialog").then(({ TracesDialog }) => TracesDialog);

export function TracesCorner() {
  const failed = () => {
    tracesOpen.value = false;
  };
  return tracesOpen.value ? <Later load={load} failed={failed} /> : null;
}
