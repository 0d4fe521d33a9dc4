import { expect, it } from "vitest";
import { tidyName } from "./names";

it.each([
  ["Ann", "Ann"],
  ["  Ann \n\t Lee ", "Ann Lee"],
  ["evil\u202Egnp.exe", "evil gnp.exe"],
  ["\u2067שלום\u2069", "שלום"],
  ["<b>x</b>", "<b>x</b>"],
  ["\u202e\u0000", ""],
  ["👩‍👧", "👩‍👧"],
])("%j becomes %j", (name, tidy) => {
  expect(tidyName(name)).toBe(tidy);
});

it("a name of megabytes is cut", () => {
  const tidy = tidyName("😀".repeat(1_000_000));
  expect(Array.from(tidy)).toHaveLength(100);
  expect(tidy.endsWith("…")).toBe(true);
});
