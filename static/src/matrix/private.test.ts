import { MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { expect, it } from "vitest";

it("the SDK still has the members that private.ts uses", () => {
  const insides = MatrixCall.prototype as unknown as Record<string, unknown>;
  expect(insides.partyIdMatches).toBeTypeOf("function");
});

it("a party is known by its id, and version 0 has none", () => {
  const insides = MatrixCall.prototype as unknown as {
    partyIdMatches: (this: object, content: object) => boolean;
  };
  const call = { opponentPartyId: "PHONE" };
  expect(insides.partyIdMatches.call(call, { version: "1", party_id: "PHONE" })).toBe(true);
  expect(insides.partyIdMatches.call(call, { version: "1", party_id: "OTHER" })).toBe(false);
  expect(insides.partyIdMatches.call({ opponentPartyId: null }, { version: 0 })).toBe(true);
});
