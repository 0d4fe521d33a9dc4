import { CallDirection, CallErrorCode, MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { expect, it, vi } from "vitest";
import { endCall, keepSignalling, sendTcpLater } from "./private";

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

it.each([
  [CallDirection.Inbound, false, ["m.call.reject", "m.call.hangup"]],
  [CallDirection.Inbound, true, ["m.call.hangup"]],
  [CallDirection.Outbound, false, ["m.call.hangup"]],
])("an end of a call that is %s, answered: %s, is said with %s", (direction, answered, said) => {
  const sent: string[] = [];
  const client = {
    deviceId: "D",
    isFallbackICEServerAllowed: () => false,
    callEventHandler: { calls: new Map() },
    sendEvent: async (_room: string, type: string) => sent.push(type),
  };
  const call = new MatrixCall({ roomId: "!r:s", client } as never);
  call.direction = direction;
  (call as unknown as { inviteOrAnswerSent: boolean }).inviteOrAnswerSent = answered;
  endCall(call, CallErrorCode.UserHangup);
  expect(sent).toEqual(said);
  expect(call.callHasEnded()).toBe(true);
  endCall(call, CallErrorCode.UserHangup);
  expect(sent).toEqual(said);
});

it.each([
  [
    ["tcp", "tcp"],
    [0, 1],
  ],
  [
    ["udp", "tcp"],
    [1, 1],
  ],
  [[], [0, 1]],
])("candidates over %s are sent at once, and after two seconds: %s times", (protocols, times) => {
  vi.useFakeTimers();
  const client = { deviceId: "D", isFallbackICEServerAllowed: () => false };
  const call = new MatrixCall({ roomId: "!r:s", client } as never);
  const insides = call as unknown as Record<string, unknown>;
  expect(insides.sendCandidateQueue).toBeTypeOf("function");
  insides.candidateSendQueue = protocols.map((protocol) => ({ protocol }));
  let sent = 0;
  insides.sendCandidateQueue = async () => {
    sent += 1;
  };
  sendTcpLater(call);
  void (insides.sendCandidateQueue as () => Promise<void>)();
  expect(sent).toBe(times[0]);
  vi.advanceTimersByTime(2000);
  expect(sent).toBe(times[1]);
  vi.useRealTimers();
});
