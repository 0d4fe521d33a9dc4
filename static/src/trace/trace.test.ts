import { describe, expect, it } from "vitest";
import { CallTrace } from "./calltrace";
import { endOf, type SdkEnd } from "./ends";
import { candidatesIn, descriptionFacts, eventType, factsOf, serverKind, size } from "./facts";
import { Hosts, nature, People } from "./names";
import { MOST_STEPS } from "./record";

const US = { userId: "@us:test", partyId: "US" };
const HOST = "candidate:1 1 udp 2122260223 192.168.0.7 54321 typ host";
const SDP = [
  "v=0",
  "o=- 1 2 IN IP4 127.0.0.1",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
  "a=rtpmap:111 opus/48000/2",
  "a=rtpmap:63 s3cret/48000",
  "a=sendonly",
  `a=${HOST}`,
  "m=video 0 UDP/TLS/RTP/SAVPF 96",
  "a=end-of-candidates",
].join("\r\n");

describe("names", () => {
  it("tell people by their part, as the service does", () => {
    const people = new People(US, "@ann:test");
    const given = [
      [US, "us"],
      [{ userId: "@ann:test", partyId: "PHONE" }, "peer"],
      [{ userId: "@ann:test", partyId: "LAPTOP" }, "peer's other device"],
      [{ userId: "@us:test", partyId: "OTHER" }, "our other device"],
      [{ userId: "@ann:test", partyId: "" }, "peer"],
      [{ userId: "@zoe:test", partyId: "X" }, "another person"],
    ] as const;
    for (const [party, name] of given) expect(people.name(party)).toBe(name);
  });

  it("tell addresses by a letter that stays", () => {
    const hosts = new Hosts();
    expect(hosts.name("host", "192.168.0.7", "UDP")).toBe("host A (IPv4, private, udp)");
    expect(hosts.name("srflx", "8.8.8.8", "udp")).toBe("srflx B (IPv4, public, udp)");
    expect(hosts.name("relay", "192.168.0.7", "tcp")).toBe("relay A (IPv4, private, tcp)");
    expect(hosts.name("s3cret", "x", "s3cret")).toBe("other C (no address, udp)");
    const many = Array.from({ length: 500 }, (_, n) => hosts.name("host", `10.0.1.${n}x`, "udp"));
    expect(new Set(many).size).toBeLessThan(201);
  });

  it.each([
    ["10.1.2.3", "IPv4, private"],
    ["100.64.0.1", "IPv4, carrier NAT"],
    ["169.254.0.1", "IPv4, link-local"],
    ["127.0.0.1", "IPv4, loopback"],
    ["0.0.0.0", "IPv4, hidden"],
    ["192.0.2.2", "IPv4, private"],
    ["fd00::1", "IPv6, private"],
    ["fe80::1%eth0", "IPv6, link-local"],
    ["2a00:1450::1", "IPv6, public"],
    ["9b36eaac-bb2e-49bb-bb78-21c41c499900.local", "mDNS name"],
    ["example.org", "no address"],
    ["300.1.1.1", "no address"],
  ])("%s is %s", (address, said) => {
    expect(nature(address)).toBe(said);
  });
});

describe("facts", () => {
  it("of a description are its lines, codecs and candidates", () => {
    expect(descriptionFacts(SDP)).toEqual({
      chars: SDP.length,
      media: ["audio sendonly: opus, other", "video rejected"],
      candidates: { host: 1 },
      complete: true,
    });
  });

  it("of a content are neither texts nor addresses", () => {
    const content = {
      offer: { type: "offer", sdp: SDP },
      version: "s3cret",
      reason: "s3cret",
      lifetime: 60_000,
      candidates: [{ candidate: HOST }, { candidate: "" }, { candidate: 1 }, null],
    };
    const facts = factsOf(content);
    expect(facts).toMatchObject({ version: "another", lifetime_ms: 60_000, last: true });
    expect(facts.candidates).toEqual({ host: 1 });
    expect(JSON.stringify(facts)).not.toMatch(/s3cret|192\.168/);
    expect(candidatesIn(content)).toHaveLength(2);
  });

  it("of anything are bounded", () => {
    let nested: unknown = "x";
    for (let n = 0; n < 5000; n++) nested = { a: [nested] };
    expect(size(nested)).toBeLessThan(10_000);
    expect(size({ ab: "cd", n: 1 })).toBe(9);
    expect(eventType("m.call.invite")).toBe("m.call.invite");
    expect(eventType("s3cret type")).toBe("an event of an unknown type (11 chars)");
  });

  it("of a server are its scheme and transport", () => {
    const uris = ["turn:a.example?transport=tcp", "turns:a.example", "stun:a.example", "x"];
    expect(uris.map(serverKind)).toEqual(["turn tcp", "turns tcp", "stun", "other"]);
  });
});

describe("an end", () => {
  const HUNG_UP: SdkEnd = {
    reason: "user_hangup",
    remote: false,
    established: true,
    rejected: null,
  };

  it.each([
    [HUNG_UP, "hangup", "us"],
    [{ ...HUNG_UP, remote: true }, "hangup", "peer"],
    [{ ...HUNG_UP, rejected: "peer" as const }, "rejected", "peer"],
    [{ ...HUNG_UP, rejected: "other_device" as const }, "rejected_elsewhere", "other_device"],
    [{ ...HUNG_UP, reason: "ice_failed" }, "media_lost", "fault"],
    [{ ...HUNG_UP, reason: "ice_failed", established: false }, "no_path", "fault"],
    [{ ...HUNG_UP, reason: "invite_timeout" }, "not_answered", "time"],
    [{ ...HUNG_UP, reason: "made up", remote: true }, "peer_failed", "peer"],
    [{ ...HUNG_UP, reason: "create_offer" }, "media_failed", "fault"],
  ])("%j", (end, reason, by) => {
    expect(endOf(end)).toMatchObject({ reason, by });
  });

  it("does not repeat what the other side made up", () => {
    const end = endOf({ ...HUNG_UP, reason: "@ann:test", remote: true });
    expect(end.wire_reason).toBe("another reason (9 chars)");
  });
});

describe("a trace", () => {
  const begin = () =>
    new CallTrace({
      id: "1",
      direction: "outbound",
      began: 1000,
      us: US,
      peerUserId: "@ann:test",
    });

  it("keeps the beginning and the end of a call without end", () => {
    const trace = begin();
    for (let n = 0; n < 3 * MOST_STEPS; n++) trace.step(1000 + n, "media", `step ${n}`);
    const { steps } = trace.record({});
    expect(steps).toHaveLength(2 * MOST_STEPS + 1);
    expect(steps[MOST_STEPS]).toMatchObject({ kind: "gap", facts: { steps: MOST_STEPS } });
    expect(steps.at(-1)?.what).toBe(`step ${3 * MOST_STEPS - 1}`);
  });

  it("tells a state where it changed, and when", () => {
    const trace = begin();
    trace.step(1000, "asked", "place");
    trace.isNow("inviting");
    trace.step(1250, "sent", "m.call.invite");
    trace.isNow("inviting");
    expect(trace.record({}).steps).toMatchObject([{ state: "inviting" }, { ms: 250 }]);
    expect(trace.record({}).steps[1]).not.toHaveProperty("state");
    expect(trace.mark("answered", 2000)).toBe(true);
    expect(trace.mark("answered", 3000)).toBe(false);
    expect(trace.record({}).marks).toEqual({ answered: 1000 });
  });

  it("names the chosen pair, without addresses", () => {
    const trace = begin();
    const entries = [
      { id: "T", type: "transport", selectedCandidatePairId: "P" },
      { id: "Q", type: "candidate-pair", state: "failed", localCandidateId: "L" },
      {
        id: "P",
        type: "candidate-pair",
        state: "succeeded",
        localCandidateId: "L",
        remoteCandidateId: "R",
        currentRoundTripTime: 0.02,
      },
      {
        id: "L",
        type: "local-candidate",
        candidateType: "host",
        address: "10.0.0.1",
        protocol: "udp",
      },
      { id: "R", type: "remote-candidate", candidateType: "relay", protocol: "udp" },
      { id: "I", type: "inbound-rtp", kind: "audio", packetsReceived: 90, packetsLost: 10 },
    ];
    trace.measured(new Map(entries.map((each) => [each.id, each])), true);
    const { pairs, media } = trace.record({});
    expect(pairs[0]).toEqual({
      local: "host A (IPv4, private, udp)",
      remote: "relay B (no address, udp)",
      state: "succeeded",
      chosen: true,
    });
    expect(media).toMatchObject({ packets_received: 90, packets_lost: 10, round_trip_ms: 20 });
    expect(JSON.stringify(trace.record({}))).not.toContain("10.0.0.1");
  });
});
