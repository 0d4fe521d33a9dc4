import { afterEach, expect, it } from "vitest";
import { choose, language, t } from "./i18n";

afterEach(() => choose("en"));

it("says a sentence in the language that was chosen", async () => {
  await choose("de");
  expect(language.value).toBe("de");
  expect(t("ends:busy", { peer: "Ada" })).toMatch(/^Ada ist in einem anderen Gespräch/);
});

it("counts as the language counts", async () => {
  await choose("ar");
  expect([1, 2, 3, 11].map((count) => t("list:count", { count }))).toEqual([
    "شخص واحد",
    "شخصان",
    "\u20683\u2069 أشخاص",
    "\u206811\u2069 شخصًا",
  ]);
});

it("keeps the direction of a name inside a sentence from right to left, and only there", async () => {
  expect(t("list:from", { user: "@ada:example.org" })).toBe("from @ada:example.org");
  await choose("ar");
  expect(t("list:from", { user: "@ada:example.org" })).toBe("من \u2068@ada:example.org\u2069");
});

it("draws what is filled in as it is", () => {
  expect(t("list:from", { user: "<b>{{error}}&$t(close)" })).toBe("from <b>{{error}}&$t(close)");
});
