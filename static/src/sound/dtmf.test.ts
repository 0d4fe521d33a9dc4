import { expect, it } from "vitest";
import { isKey, tonesOf } from "./dtmf";

it.each([
  ["1", 697, 1209],
  ["5", 770, 1336],
  ["9", 852, 1477],
  ["*", 941, 1209],
  ["0", 941, 1336],
  ["#", 941, 1477],
] as const)("%s sounds as ITU-T Q.23 says", (key, low, high) => {
  expect(tonesOf(key)).toEqual([low, high]);
});

it("only keys are keys", () => {
  expect(["0", "#", "a", "", "12", "Enter"].map(isKey)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
