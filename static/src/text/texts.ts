/** The areas of the page's sentences: a file of each language's folder, a name before the colon. */
import type call from "./locales/en/call.json";
import type check from "./locales/en/check.json";
import type common from "./locales/en/common.json";
import type devices from "./locales/en/devices.json";
import type emoji from "./locales/en/emoji.json";
import type ends from "./locales/en/ends.json";
import type history from "./locales/en/history.json";
import type layout from "./locales/en/layout.json";
import type lines from "./locales/en/lines.json";
import type links from "./locales/en/links.json";
import type list from "./locales/en/list.json";
import type people from "./locales/en/people.json";
import type room from "./locales/en/room.json";
import type signin from "./locales/en/signin.json";
import type stats from "./locales/en/stats.json";
import type trust from "./locales/en/trust.json";
import type ways from "./locales/en/ways.json";

export interface Texts {
  call: typeof call;
  check: typeof check;
  common: typeof common;
  devices: typeof devices;
  emoji: typeof emoji;
  ends: typeof ends;
  links: typeof links;
  layout: typeof layout;
  history: typeof history;
  lines: typeof lines;
  list: typeof list;
  people: typeof people;
  room: typeof room;
  signin: typeof signin;
  stats: typeof stats;
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
