import { describe, expect, it } from "vitest";
import { matching } from "./remembered";

const FALLBACK = { name: "", on: true, size: 1 };

describe("what was kept", () => {
  it("is taken where name and type fit", () => {
    expect(matching({ name: "a", on: false, size: "2", more: 1 }, FALLBACK)).toEqual({
      name: "a",
      on: false,
    });
  });

  it("may be anything", () => {
    for (const found of [null, 1, "text", undefined]) expect(matching(found, FALLBACK)).toEqual({});
    expect(matching(JSON.parse('{"__proto__": {"on": false}}'), FALLBACK)).toEqual({});
  });
});
