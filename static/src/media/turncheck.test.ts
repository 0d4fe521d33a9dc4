import { describe, expect, it } from "vitest";
import { remedyOf, transportOf, worse } from "./turncheck";

describe("a TURN URI", () => {
  it("has a transport", () => {
    expect(transportOf("turn:relay.example.org")).toBe("UDP");
    expect(transportOf("turn:relay.example.org:3478?transport=tcp")).toBe("TCP");
    expect(transportOf("turns:relay.example.org?transport=tcp")).toBe("TLS");
    expect(transportOf("turns:relay.example.org")).toBe("TLS");
    expect(transportOf("turns:relay.example.org?transport=udp")).toBe("DTLS");
  });

  it("may be refused on one network and silent on another", () => {
    expect(worse(worse(null, 701), 401)).toBe(401);
    expect(worse(worse(null, 401), 701)).toBe(401);
  });

  it("has a remedy for each refusal", () => {
    expect([401, 438, 403, 442, 486, 508, 701, 300].map(remedyOf)).toEqual([
      "credentials",
      "credentials",
      "forbidden",
      "transport",
      "quota",
      "capacity",
      "network",
      "network",
    ]);
  });
});
