import { expect, it } from "vitest";
import { clock, day, moment } from "./time";

it.each([
  [0, "0:00"],
  [7.9, "0:07"],
  [83, "1:23"],
  [3725, "1:02:05"],
  [-1, "0:00"],
])("%d seconds are %s", (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});

it("names the days near now", () => {
  const noon = new Date(2026, 4, 20, 12).getTime();
  const hour = 3_600_000;
  expect(day(noon - hour, noon)).toBe("Today");
  expect(day(noon - 13 * hour, noon)).toBe("Yesterday");
  expect(moment(noon - hour, noon)).toMatch(/11.00/);
  expect(moment(0, noon)).toBe("");
});
