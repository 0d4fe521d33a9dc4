import { useEffect } from "preact/hooks";
import { missed } from "../../state/history";
import { config, incoming } from "../../state/store";
import { t } from "../../text/i18n";

/** The tab says who calls, while somebody does, and else how many calls were missed. */
export function usePageTitle() {
  const name = incoming.value?.peerName;
  const { brand } = config.value;
  const rest = missed.value ? t("history:title", { count: missed.value, brand }) : brand;
  const title = name ? t("call:isCalling", { name }) : rest;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
