import { describe, expect, it } from "vitest";
import { limitSending, limitsFor, megabytes } from "./bandwidth";

const track = (kind: string, settings: MediaTrackSettings = {}) =>
  ({ kind, getSettings: () => settings }) as MediaStreamTrack;

function connection(of: MediaStreamTrack, encoding: RTCRtpEncodingParameters) {
  const set: RTCRtpSendParameters[] = [];
  const sender = {
    track: of,
    getParameters: () => ({ encodings: [{ ...encoding }] }),
    setParameters: async (parameters: RTCRtpSendParameters) => void set.push(parameters),
  };
  return { set, peer: { getSenders: () => [sender] } as unknown as RTCPeerConnection };
}

describe("low bandwidth", () => {
  it("caps sound, shrinks the camera to 240 lines, keeps a screen's lines", () => {
    expect(limitsFor(track("audio"), "small").maxBitrate).toBe(16_000);
    expect(limitsFor(track("video", { height: 480 }), "small")).toMatchObject({
      scaleResolutionDownBy: 2,
      maxFramerate: 15,
    });
    const screen = limitsFor(track("video", { height: 1080, displaySurface: "monitor" }), "small");
    expect(screen.scaleResolutionDownBy).toBeUndefined();
  });

  it("never enlarges a camera", () => {
    expect(limitsFor(track("video", { height: 120 }), "voice").scaleResolutionDownBy).toBe(1);
  });

  it("is set where it is not yet, and taken off again", () => {
    const fresh = connection(track("audio"), {});
    limitSending(fresh.peer, "small");
    expect(fresh.set[0]?.encodings[0]?.maxBitrate).toBe(16_000);
    const limited = connection(track("audio"), { maxBitrate: 16_000 });
    limitSending(limited.peer, "small");
    expect(limited.set).toEqual([]);
    limitSending(limited.peer, "full");
    expect(limited.set[0]?.encodings[0]).toEqual({});
  });

  it("is told in megabytes", () => {
    expect(megabytes(80)).toBe(9);
  });
});
