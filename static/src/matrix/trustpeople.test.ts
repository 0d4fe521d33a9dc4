import { expect, it } from "vitest";
import type { Person, RoomTrust } from "../state/trust";
import { changes } from "./trustpeople";

const PHONE = { id: "PHONE", name: "Phone", signed: true };

function room(...people: Partial<Person>[]): RoomTrust {
  const whole = people.map((each) => ({
    userId: "@bob:example.org",
    name: "Bob",
    trust: "unverified" as const,
    devices: [PHONE],
    ...each,
  }));
  return { roomId: "!r:example.org", people: whole, least: null };
}

it.each([
  ["nothing", {}, []],
  ["a device that its owner has confirmed", { devices: [PHONE, { ...PHONE, id: "NEW" }] }, []],
  [
    "a device that its owner has not confirmed",
    { devices: [PHONE, { id: "NEW", name: "", signed: false }] },
    [["device", "NEW"]],
  ],
  ["another identity", { trust: "changed" as const }, [["identity", ""]]],
  ["a device less", { devices: [] }, []],
])("during a call: %s", (_, now, expected) => {
  const found = changes(room({}), room(now));
  expect(found.map((each) => [each.kind, each.device])).toEqual(expected);
});

it("is told once", () => {
  const now = room({ trust: "changed", devices: [PHONE, { id: "NEW", name: "", signed: false }] });
  expect(changes(now, now)).toEqual([]);
});

it("somebody who joins is no change", () => {
  const other = { userId: "@eve:example.org", devices: [{ id: "E", name: "", signed: false }] };
  expect(changes(room({}), room({}, other))).toEqual([]);
});
