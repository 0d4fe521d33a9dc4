import { MatrixEvent } from "matrix-js-sdk/lib/matrix";
import { expect, it } from "vitest";
import { callItem } from "./callitems";
import { callRecords } from "./callrecords";

const ME = "@me:s";
const ANN = "@ann:s";
const NOW = 10_000_000;

let count = 0;
function event(type: string, sender: string, at: number, content: object = {}): MatrixEvent {
  return new MatrixEvent({
    type: `m.call.${type}`,
    sender,
    event_id: `$${++count}`,
    origin_server_ts: at,
    content: { call_id: "c", ...content },
  });
}

const only = (events: MatrixEvent[]) => callRecords(events, "!r:s", ME, NOW)[0];

it.each([
  ["talked", ANN, [event("answer", ME, 2000), event("hangup", ANN, 85_000)], "Voice call, 1:23"],
  ["talked", ME, [event("answer", ANN, 2000), event("hangup", ME, 3000)], "Voice call, 0:01"],
  ["elsewhere", ANN, [event("answer", "@bob:s", 2000)], "Voice call"],
  ["missed", ANN, [event("hangup", ANN, 2000)], "Missed voice call"],
  ["missed", ANN, [], "Missed voice call"],
  ["unanswered", ME, [event("hangup", ME, 2000)], "Voice call, no answer"],
  ["unanswered", ME, [], "Voice call, no answer"],
  ["declinedHere", ANN, [event("reject", ME, 2000)], "Voice call, you declined"],
  ["declined", ME, [event("reject", ANN, 2000)], "Voice call, declined"],
] as const)("%s: called by %s", (outcome, caller, then, words) => {
  const found = only([event("invite", caller, 1000), ...then]);
  expect(found?.outcome).toBe(outcome);
  expect(found && callItem(found)).toMatchObject({ body: words });
});

it("what still rings is neither missed nor unanswered", () => {
  expect(only([event("invite", ANN, NOW - 30_000)])?.outcome).toBe("open");
});

it("a call for somebody else in the room is not ours", () => {
  expect(only([event("invite", ANN, 1000, { invitee: "@bob:s" })])).toBeUndefined();
  expect(only([event("invite", ANN, 1000, { invitee: ME })])).toBeDefined();
});

it("events of any shape make no harm", () => {
  const odd = [
    event("hangup", ANN, 1, { call_id: {} }),
    event("invite", ANN, 2, { call_id: null, offer: "x", invitee: 7 }),
    event("answer", ANN, 3, { call_id: undefined }),
    event("invite", ANN, 4, { call_id: ["c"], offer: { sdp: 7 } }),
  ];
  expect(() => callRecords(odd, "!r:s", ME, NOW)).not.toThrow();
});
