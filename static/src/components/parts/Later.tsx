/** A component whose script is loaded when it is shown for the first time. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { tell } from "../../state/store";
import { t } from "../../text/i18n";

interface Props {
  load: () => Promise<ComponentType>;
  /** Told where the script cannot be had, so that a second attempt is possible. */
  failed?: () => void;
}

export function Later({ load, failed }: Props) {
  const [Loaded, setLoaded] = useState<ComponentType | null>(null);
  useEffect(() => {
    let gone = false;
    load()
      .then((found) => gone || setLoaded(() => found))
      .catch(() => {
        tell(t("devices:notLoaded"), "problem");
        failed?.();
      });
    return () => {
      gone = true;
    };
  }, []);
  return Loaded && <Loaded />;
}
