/** The areas of the page's sentences: a file of each language's folder, a name before the colon. */
import type call from "./locales/en/call.json";
import type common from "./locales/en/common.json";
import type emoji from "./locales/en/emoji.json";
import type ends from "./locales/en/ends.json";
import type list from "./locales/en/list.json";
import type room from "./locales/en/room.json";
import type signin from "./locales/en/signin.json";
import type trust from "./locales/en/trust.json";
import type ways from "./locales/en/ways.json";

export interface Texts {
  call: typeof call;
  common: typeof common;
  emoji: typeof emoji;
  ends: typeof ends;
  list: typeof list;
  room: typeof room;
  signin: typeof signin;
  trust: typeof trust;
  ways: typeof ways;
}

/** What the first paint needs; everything else loads with the client. */
export const FIRST: readonly (keyof Texts)[] = ["common", "signin", "ways"];

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: Texts;
  }
}
