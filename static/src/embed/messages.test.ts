import { expect, it } from "vitest";
import { parseMessage } from "./messages";

it.each([
  [
    { voip: "place", user: "@ada:example.org" },
    { voip: "place", user: "@ada:example.org", video: false },
  ],
  [
    { voip: "place", user: "@ada:example.org", video: true, more: 1 },
    { voip: "place", user: "@ada:example.org", video: true },
  ],
  [{ voip: "hangUp" }, { voip: "hangUp" }],
  [{ voip: "state" }, { voip: "state" }],
  [{ voip: "place" }, null],
  [{ voip: "place", user: "@".padEnd(256, "a") }, null],
  [{ voip: "answer" }, null],
  ["hangUp", null],
  [null, null],
])("%o", (data, message) => {
  expect(parseMessage(data)).toEqual(message);
});
