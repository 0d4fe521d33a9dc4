import { expect, it } from "vitest";
import { parseLink } from "./link";

it.each([
  ["#/call/@ada:example.org", { userId: "@ada:example.org", video: false }],
  ["#/call/%40ada%3Aexample.org?video=1", { userId: "@ada:example.org", video: true }],
  ["#/call/@ada:example.org?video=0&x=1", { userId: "@ada:example.org", video: false }],
  ["#/call/@a/b:example.org", { userId: "@a/b:example.org", video: false }],
  ["#/call/%E0%A4%A", { userId: "%E0%A4%A", video: false }],
  ["#/call/", null],
  ["#/room/!a:example.org", null],
  ["", null],
])("%s", (hash, link) => {
  expect(parseLink(hash)).toEqual(link);
});
