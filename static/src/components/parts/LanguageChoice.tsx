/** Each language by its own name, so that whoever reads no other finds it. */
import { choose, LANGUAGES, type Language, language, t } from "../../text/i18n";

export function LanguageChoice() {
  return (
    <label class="language">
      {t("language")}
      <select
        value={language.value}
        onChange={(event) => void choose(event.currentTarget.value as Language)}
        data-testid="language"
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
