import { expect, it } from "vitest";
import {
  all,
  hasRoom,
  type Lines,
  MOST_HELD,
  MOST_RINGING,
  noLines,
  replaced,
  rung,
  staged,
  without,
} from "./lines";

const lines = (stage: string | null, held = "", ringing = ""): Lines<string> => ({
  stage,
  held: [...held],
  ringing: [...ringing],
});

it("an answered call goes to the stage and what was there is held", () => {
  expect(staged(lines("a", "b", "cd"), "c")).toEqual(lines("c", "ab", "d"));
});

it("swapping brings a held call back", () => {
  expect(staged(lines("a", "bc"), "c")).toEqual(lines("c", "ab"));
  expect(staged(lines("a", "b"), "a")).toEqual(lines("a", "b"));
});

it("after the call on the stage comes the one that was held last", () => {
  expect(without(lines("a", "bc", "d"), "a")).toEqual(lines("b", "c", "d"));
  expect(without(lines("a"), "a")).toEqual(noLines());
  expect(without(lines("a", "bc"), "b")).toEqual(lines("a", "c"));
  expect(without(lines("a", "", "bc"), "b")).toEqual(lines("a", "", "c"));
  expect(without(lines("a"), "z")).toEqual(lines("a"));
});

it("a call that replaces another keeps its place", () => {
  expect(replaced(lines("a", "b", "c"), "b", "x")).toEqual(lines("a", "x", "c"));
  expect(replaced(lines("a"), "a", "x")).toEqual(lines("x"));
  expect(replaced(lines(null, "", "c"), "c", "x")).toEqual(lines(null, "", "x"));
});

it("what waits is bounded", () => {
  let full = noLines<number>();
  for (let each = 0; each < MOST_RINGING + 3; each++) full = rung(full, each);
  expect(full.ringing).toHaveLength(MOST_RINGING);
  for (let each = 100; each < 100 + MOST_HELD; each++) {
    full = staged(full, each);
    expect(hasRoom(full)).toBe(true);
  }
  expect(hasRoom(staged(full, 200))).toBe(false);
  expect(all(full)).toHaveLength(MOST_RINGING + MOST_HELD);
});
