/** The dialogs about trust are seldom open: they load when one is. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { dialog, reauthentication, verification } from "../../state/trust";

export function LazyTrust() {
  const [Dialogs, setDialogs] = useState<ComponentType | null>(null);
  const wanted = dialog.value ?? verification.value ?? reauthentication.value;
  useEffect(() => {
    if (!wanted || Dialogs) return;
    void import("./TrustDialogs").then((found) => setDialogs(() => found.TrustDialogs));
  }, [wanted !== null]);
  return Dialogs && <Dialogs />;
}
