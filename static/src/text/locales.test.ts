import { expect, it } from "vitest";

const files = import.meta.glob<Record<string, string>>("./locales/*/*.json", {
  import: "default",
  eager: true,
});

/** "missed_other" → "missed": languages differ in their plurals. */
const base = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, "");
const keys = (file: Record<string, string>) => [...new Set(Object.keys(file).map(base))].sort();
const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((each) => each[1]).sort();

for (const area of ["history", "lines", "people"]) {
  const english = files[`./locales/en/${area}.json`] ?? {};
  for (const language of ["de", "fr", "es", "ar", "ja"]) {
    it(`${area} says the same in ${language}`, () => {
      const file = files[`./locales/${language}/${area}.json`] ?? {};
      expect(keys(file)).toEqual(keys(english));
      for (const [key, text] of Object.entries(file)) {
        const said = english[key] ?? english[`${base(key)}_other`] ?? "";
        // A plural may say the number as a word.
        for (const hole of holes(text)) expect(holes(said)).toContain(hole);
      }
    });
  }
}
