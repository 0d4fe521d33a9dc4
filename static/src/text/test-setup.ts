/** Tests read English. */
import { loadClientTexts, startLanguage } from "./i18n";

await startLanguage(["en"]);
await loadClientTexts();
