/** Every language says everything that English says, with the same words filled in. */
import { describe, expect, it } from "vitest";
import { LANGUAGES, type Language } from "./i18n";

type Texts = Record<string, string>;

const files = import.meta.glob<Texts>("./locales/*/*.json", { import: "default", eager: true });
const areas = Object.keys(files).flatMap((path) => /\/en\/(\w+)\.json$/.exec(path)?.[1] ?? []);
const texts = (language: string, area: string) => files[`./locales/${language}/${area}.json`] ?? {};

const PLURAL = /_(zero|one|two|few|many|other)$/;
const base = (key: string) => key.replace(PLURAL, "");
const placeholders = (text: string) =>
  [...text.matchAll(/\{\{(\w+)\}\}/g)].map((found) => found[1]);

/** The categories of a key that counts; [""] for one that does not. */
function forms(all: Texts, key: string): string[] {
  const found = Object.keys(all).filter((each) => base(each) === key);
  return found.map((each) => PLURAL.exec(each)?.[1] ?? "").sort();
}

const others = (Object.keys(LANGUAGES) as Language[]).filter((each) => each !== "en");
const cases = others.flatMap((language) => areas.map((area) => [language, area] as const));

it("has a folder for each language and no other", () => {
  const folders = Object.keys(files).map((path) => path.split("/")[2] ?? "");
  expect([...new Set(folders)].sort()).toEqual(Object.keys(LANGUAGES).sort());
});

describe.each(cases)("%s %s", (language, area) => {
  const english = texts("en", area);
  const translated = texts(language, area);

  it("has the keys of English", () => {
    const keys = (all: Texts) => [...new Set(Object.keys(all).map(base))].sort();
    expect(keys(translated)).toEqual(keys(english));
  });

  it("counts in the plural categories of its own", () => {
    const own = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const counted = Object.keys(english).filter((key) => PLURAL.test(key));
    for (const key of new Set(counted.map(base))) {
      expect(forms(translated, key), key).toEqual([...own].sort());
    }
  });

  it("fills in the same words", () => {
    for (const [key, text] of Object.entries(translated)) {
      const wanted = placeholders(english[key] ?? english[`${base(key)}_other`] ?? "");
      const found = placeholders(text);
      // "Two people" need no figure.
      const count = /_(zero|one|two)$/.test(key) ? found.concat("count") : found;
      expect(new Set(count), key).toEqual(new Set(count === found ? wanted : [...wanted, "count"]));
    }
  });

  it("says nothing empty", () => {
    for (const [key, text] of Object.entries(translated)) expect(text.trim(), key).not.toBe("");
  });
});
