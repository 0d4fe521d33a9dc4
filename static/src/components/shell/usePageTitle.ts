import { useEffect } from "preact/hooks";
import { config, incoming } from "../../state/store";
import { t } from "../../text/i18n";

/** The tab says who calls, while somebody does. */
export function usePageTitle() {
  const name = incoming.value?.peerName;
  const title = name ? t("call:isCalling", { name }) : config.value.brand;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
