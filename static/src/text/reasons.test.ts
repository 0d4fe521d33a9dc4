import { describe, expect, it } from "vitest";
import { type Ending, endSentence, mediaProblem } from "./reasons";

const PLACED: Ending = {
  reason: undefined,
  remote: true,
  outgoing: true,
  peer: "Ada",
  lasted: null,
  error: "",
};

describe("how a call ended without a fault", () => {
  it.each([
    [{ lasted: 83 }, "Call ended after 1:23."],
    [{}, "Ada declined the call."],
    [{ remote: false }, "Call cancelled."],
    [{ outgoing: false }, "You missed a call from Ada."],
    [{ outgoing: false, remote: false }, "You declined the call."],
    [{ reason: "invite_timeout", remote: false }, "Ada did not answer."],
    [{ reason: "invite_timeout", outgoing: false }, "You missed a call from Ada."],
    [
      { reason: "answered_elsewhere", outgoing: false },
      "You answered this call on another device.",
    ],
    [{ reason: "user_busy" }, "Ada is in another call. Try again later."],
  ])("%o", (part: Partial<Ending>, text) => {
    expect(endSentence({ ...PLACED, ...part })).toEqual({ text, failed: false });
  });
});

describe("how a call failed", () => {
  it.each([
    [{ reason: "ice_failed" }, /No connection .* relay \(TURN\)/],
    [{ reason: "ice_failed", lasted: 5 }, /connection was lost/],
    [{ reason: "ice_timeout" }, /took too long/],
    [{ reason: "user_media_failed" }, /Ada could not use their microphone/],
    [{ reason: "unknown_error" }, /Ada's side could not start the call/],
    [{ reason: "invented by somebody", lasted: 3 }, /Ada's side ended the call/],
    [{ reason: "signalling_timeout" }, /homeserver stopped taking/],
    [{ reason: "send_invite", error: "M_FORBIDDEN: [403] no" }, /may not send in this room/],
    [{ reason: "send_invite", error: "M_LIMIT_EXCEEDED" }, /limiting how fast/],
    [{ reason: "send_answer", error: "fetch failed" }, /answer could not be sent: the homeserver/],
    [{ reason: "no_user_media", error: "NotAllowedError" }, /Allow it beside the address bar/],
    [{ reason: "create_offer" }, /Reload the page/],
  ])("%o", (part: Partial<Ending>, text) => {
    const told = endSentence({ ...PLACED, ...part });
    expect(told.text).toMatch(text);
    expect(told.failed).toBe(true);
  });
});

describe("microphone and camera", () => {
  it.each([
    ["NotAllowedError: Permission denied", /may not use/],
    ["NotReadableError: Could not start audio source", /Another program/],
    ["NotFoundError: Requested device not found", /No microphone was found/],
    ["insecure", /https/],
    ["no-camera", /voice call/],
  ])("%s", (error, text) => {
    expect(mediaProblem(error)).toMatch(text);
  });
});
