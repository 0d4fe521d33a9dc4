import { MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { expect, it } from "vitest";
import { keepSignalling } from "./private";

it("the SDK still has the members that private.ts uses", () => {
  const insides = MatrixCall.prototype as unknown as Record<string, unknown>;
  expect(insides.partyIdMatches).toBeTypeOf("function");
});

it("a call counts how often its candidates could not be sent", () => {
  const client = { deviceId: "D", isFallbackICEServerAllowed: () => false };
  const call = new MatrixCall({ roomId: "!r:s", client } as never);
  const insides = call as unknown as { candidateSendTries: number };
  expect(insides.candidateSendTries).toBe(0);
  insides.candidateSendTries = 6;
  keepSignalling(call);
  expect(insides.candidateSendTries).toBe(3);
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
