import { describe, expect, it } from "vitest";
import { sorted } from "./devicelist";
import { levelOf } from "./level";

describe("loudness", () => {
  it("goes from silence to full scale", () => {
    expect(levelOf(new Float32Array(8))).toBe(0);
    expect(levelOf(new Float32Array(8).fill(1))).toBe(1);
    expect(levelOf(new Float32Array(8).fill(0.0316))).toBeCloseTo(0.5, 2);
  });
});

describe("the list of devices", () => {
  it("leaves out stand-ins for the default, and what has no id yet", () => {
    const list = sorted([
      { kind: "audioinput", deviceId: "default", label: "Default" },
      { kind: "audioinput", deviceId: "a", label: "Headset" },
      { kind: "videoinput", deviceId: "", label: "" },
      { kind: "audiooutput", deviceId: "b", label: "Loudspeaker" },
    ]);
    expect(list).toEqual({
      microphone: [{ id: "a", name: "Headset" }],
      camera: [],
      speaker: [{ id: "b", name: "Loudspeaker" }],
    });
  });
});
