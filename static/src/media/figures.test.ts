import { describe, expect, it } from "vitest";
import { figuresOf, pathOf } from "./figures";
import type { Entries, Entry } from "./report";

function reading(...all: Entry[]): Entries {
  return new Map(all.map((each) => [each.id, each]));
}

const transport = (timestamp: number) => ({
  id: "T",
  type: "transport",
  timestamp,
  selectedCandidatePairId: "P",
});
const pair = {
  id: "P",
  type: "candidate-pair",
  localCandidateId: "L",
  remoteCandidateId: "R",
  currentRoundTripTime: 0.05,
};
const local = { id: "L", type: "local-candidate", candidateType: "relay", protocol: "udp" };
const remote = { id: "R", type: "remote-candidate", candidateType: "srflx" };
const codec = { id: "C", type: "codec", mimeType: "audio/opus" };
const audio = (received: number, missing: number, bytes: number) => ({
  id: "I",
  type: "inbound-rtp",
  kind: "audio",
  codecId: "C",
  packetsReceived: received,
  packetsLost: missing,
  bytesReceived: bytes,
  jitter: 0.004,
});

describe("figures", () => {
  const before = reading(transport(1000), pair, local, remote, codec, audio(100, 10, 10_000));
  const now = reading(transport(3000), pair, local, remote, codec, audio(190, 20, 20_000));

  it("tell what happened since the reading before", () => {
    const found = figuresOf(now, before, 7);
    expect(found.inKbps).toBe(40);
    expect(found.lossIn).toBe(10);
    expect(found.jitterMs).toBe(4);
    expect(found.roundTripMs).toBe(50);
    expect(found.audioCodec).toBe("opus");
    expect(found.mos).toBeGreaterThan(2);
    expect(found.mos).toBeLessThan(4);
    expect(found.pictureIn).toBeNull();
    expect(found.at).toBe(7);
  });

  it("have no rates at first, and none that are below nothing", () => {
    expect(figuresOf(now, null, 0).inKbps).toBe(0);
    const restarted = reading(transport(4000), audio(3, 0, 300));
    expect(figuresOf(restarted, now, 0)).toMatchObject({ inKbps: 0, lossIn: 0 });
  });

  it("do without anything", () => {
    expect(figuresOf(new Map(), null, 0)).toMatchObject({ mos: null, path: null, audioCodec: "" });
  });
});

describe("the path", () => {
  it("is relayed where either end is", () => {
    expect(pathOf(reading(transport(0), pair, local, remote))).toEqual({
      route: "relayed",
      protocol: "UDP",
      local: "relay",
      remote: "srflx",
    });
  });

  it("goes by how we reach the relay", () => {
    const tls = { ...local, relayProtocol: "tls" };
    expect(pathOf(reading(transport(0), pair, tls, remote))?.protocol).toBe("TLS");
  });

  it("is the nominated pair where no transport names one (Firefox)", () => {
    const nominated = { ...pair, nominated: true, state: "succeeded" };
    const direct = { ...local, candidateType: "host" };
    expect(pathOf(reading(nominated, direct, remote))?.route).toBe("direct");
  });
});
