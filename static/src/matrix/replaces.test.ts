import { expect, it } from "vitest";
import { identityOf } from "./identity";
import { replacesOf } from "./replaces";

const good = {
  replacement_id: "r1",
  target_user: { id: "@carol:example.org", display_name: "Carol" },
  create_call: "c1",
};

it("a transfer names whom to call, and under which id", () => {
  expect(replacesOf(good)).toEqual({
    replacementId: "r1",
    target: "@carol:example.org",
    room: null,
    createCall: "c1",
    awaitCall: null,
  });
  const { create_call: _, ...rest } = good;
  const awaited = replacesOf({ ...rest, await_call: "c2", target_room: "!r:example.org" });
  expect(awaited).toMatchObject({ awaitCall: "c2", createCall: null, room: "!r:example.org" });
});

it.each([
  ["no id", { ...good, replacement_id: undefined }],
  ["neither call", { ...good, create_call: undefined }],
  ["both calls", { ...good, await_call: "c2" }],
  ["an id with markup", { ...good, create_call: "<b>" }],
  ["an id of kilobytes", { ...good, create_call: "c".repeat(256) }],
  ["nobody", { ...good, target_user: undefined }],
  ["a user of null", { ...good, target_user: null }],
  ["a user of another shape", { ...good, target_user: { id: 7 } }],
  ["a script", { ...good, target_user: { id: "javascript:alert(1)" } }],
])("a transfer with %s is nothing", (_, content) => {
  expect(replacesOf(content)).toBeNull();
});

it("an identity is what the other side says, made readable", () => {
  const boss = { id: "@boss:example.org", display_name: "The\u202e Boss" };
  expect(identityOf({ asserted_identity: boss })).toEqual({
    id: "@boss:example.org",
    name: "The Boss",
  });
  expect(identityOf({ asserted_identity: { id: "@boss:example.org" } })?.name).toBe(
    "@boss:example.org",
  );
  for (const said of [null, undefined, {}, "Boss", 7, [], { display_name: 7 }]) {
    expect(identityOf({ asserted_identity: said })).toBeNull();
  }
});
