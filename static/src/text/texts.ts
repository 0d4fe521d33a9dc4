/** The areas of the page's sentences: a file of each language's folder, a name before the colon. */
import type call from "./locales/en/call.json";
import type common from "./locales/en/common.json";
import type ends from "./locales/en/ends.json";
import type history from "./locales/en/history.json";
import type lines from "./locales/en/lines.json";
import type list from "./locales/en/list.json";
import type people from "./locales/en/people.json";
import type room from "./locales/en/room.json";
import type signin from "./locales/en/signin.json";

export interface Texts {
  call: typeof call;
  common: typeof common;
  ends: typeof ends;
  history: typeof history;
  lines: typeof lines;
  list: typeof list;
  people: typeof people;
  room: typeof room;
  signin: typeof signin;
}

/** What the first paint needs; everything else loads with the client. */
export const FIRST: readonly (keyof Texts)[] = ["common", "signin"];

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: Texts;
  }
}
