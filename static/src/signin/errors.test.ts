import { expect, it } from "vitest";
import { serverOf } from "./discovery";
import { loginProblem } from "./errors";

it.each([
  [429, { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 11_200 }, null, /again in 12 seconds/],
  [429, {}, "1", /again in 1 second\./],
  [429, {}, null, /in a minute/],
  [403, { errcode: "M_FORBIDDEN" }, null, /do not match/],
  [403, { errcode: "M_USER_DEACTIVATED" }, null, /deactivated/],
  [400, { errcode: "M_UNKNOWN" }, null, /with a password/],
  [502, {}, null, /problem of its own/],
  [500, { errcode: "M_UNKNOWN" }, null, /problem of its own/],
  [418, { error: "I am a teapot" }, null, /I am a teapot/],
])("status %d with %o", (status, body, retryAfter, text) => {
  expect(loginProblem(status, body, retryAfter)).toMatch(text);
});

it.each([
  ["@ada:example.org", "example.org"],
  ["@ada:example.org:8448", "example.org:8448"],
  ["ada", ""],
])("the server of %s is %s", (user, server) => {
  expect(serverOf(user)).toBe(server);
});
