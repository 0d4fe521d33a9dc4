import { expect, it } from "vitest";
import { aheadBy } from "./clock";

const NOON = Date.UTC(2026, 0, 1, 12);

it.each([
  ["right", NOON, NOON, NOON + 200, null],
  ["right, and a slow answer", NOON + 5000, NOON, NOON + 10_000, null],
  ["ten minutes fast", NOON, NOON + 600_000, NOON + 600_000, 600],
  ["a day slow", NOON + 86_400_000, NOON, NOON, -86_400],
  ["no header", Number.NaN, NOON, NOON, null],
])("a clock that is %s", (_, theirs, asked, answered, expected) => {
  expect(aheadBy(theirs, asked, answered)).toBe(expected);
});
