/**
 * What the page says, in the person's language.
 *
 * `t("call:hangUp")` gives a sentence; the keys are those of `locales/en/*.json`, checked by the
 * compiler. Components that call it are drawn again when the language changes.
 */
import { signal } from "@preact/signals";
import i18next, { type TFunction } from "i18next";
import { FIRST, type Texts } from "./texts";

/** Each language by its own name. Adding one: a folder in `locales/` and a line here. */
export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  ja: "日本語",
  ar: "العربية",
} as const;
export type Language = keyof typeof LANGUAGES;
type Part = "first" | "client";

const RIGHT_TO_LEFT: ReadonlySet<Language> = new Set(["ar"]);
const CHOSEN = "voip.language";
const files = import.meta.glob<Record<string, string>>("./locales/*/*.json", {
  import: "default",
});
const wanted = new Set<Part>();

export const language = signal<Language>("en");

/** The sentence of a key, `{{words}}` filled in from `options`; `count` chooses the plural. */
export const t = ((key: "back", options: Record<string, unknown> = {}) => {
  language.value; // Read, so that who says something is drawn again in another language.
  return i18next.t(key, options);
}) as unknown as TFunction<(keyof Texts)[]>;

/** Begins with the language that was chosen here before, or that the browser prefers. */
export async function startLanguage(asked: readonly string[] = preferred()): Promise<void> {
  await i18next.init({
    lng: "en",
    resources: {},
    defaultNS: "common",
    interpolation: { escape: isolate },
  });
  wanted.add("first");
  await speak(asked.map(known).find((each) => each !== null) ?? "en");
}

/** Loads what a signed-in person reads. */
export async function loadClientTexts(): Promise<void> {
  wanted.add("client");
  await load(language.value, "client");
}

export async function choose(next: Language): Promise<void> {
  try {
    localStorage.setItem(CHOSEN, next);
  } catch {
    // The choice lasts as long as the tab.
  }
  await speak(next);
}

/**
 * Names keep their own direction: between isolates (Unicode, UAX #9) "@ada:example.org" reads the
 * same in an Arabic sentence. Nothing else is escaped, as the page draws text as text.
 */
function isolate(value: string): string {
  return RIGHT_TO_LEFT.has(i18next.language as Language) ? `\u2068${value}\u2069` : value;
}

async function speak(next: Language) {
  await Promise.all([...wanted].map((part) => load(next, part)));
  await i18next.changeLanguage(next);
  language.value = next;
  if (typeof document === "undefined") return;
  document.documentElement.lang = next;
  document.documentElement.dir = RIGHT_TO_LEFT.has(next) ? "rtl" : "ltr";
}

async function load(which: Language, part: Part) {
  const found = Object.entries(files).flatMap(([path, file]) => {
    const [folder, name = ""] = path.replace(/^.*locales\/|\.json$/g, "").split("/");
    const isFirst = (FIRST as readonly string[]).includes(name);
    return folder === which && isFirst === (part === "first") ? [{ name, file }] : [];
  });
  const add = async ({ name, file }: (typeof found)[number]) =>
    i18next.addResourceBundle(which, name, await file());
  await Promise.all(found.map(add));
}

function preferred(): readonly string[] {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(CHOSEN);
  } catch {
    // Refused storage: the browser's languages do.
  }
  return chosen ? [chosen] : navigator.languages;
}

/** "de-AT" → "de". */
function known(tag: string): Language | null {
  const base = tag.toLowerCase().split("-")[0] ?? "";
  return base in LANGUAGES ? (base as Language) : null;
}
