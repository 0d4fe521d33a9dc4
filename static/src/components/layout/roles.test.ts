import { describe, expect, it } from "vitest";
import { rolesOf, type Seen } from "./roles";

const SEEN: Seen = {
  connected: true,
  peerCamera: true,
  selfCamera: true,
  peerScreen: false,
  ownScreen: false,
  tiles: false,
  selfHidden: false,
};

describe("the pictures of a call", () => {
  it("show the other side large and oneself small", () => {
    expect(rolesOf(SEEN)).toMatchObject({ peer: "large", self: "small" });
  });

  it("show a shared screen large and the person small", () => {
    expect(rolesOf({ ...SEEN, peerScreen: true })).toEqual({
      peer: "second",
      self: "small",
      peerScreen: "large",
      ownScreen: "none",
    });
  });

  it("keep one's own screen small", () => {
    expect(rolesOf({ ...SEEN, ownScreen: true })).toMatchObject({
      peer: "large",
      ownScreen: "second",
    });
  });

  it("are all alike as tiles, cameras that are off too", () => {
    expect(rolesOf({ ...SEEN, tiles: true, peerCamera: false, peerScreen: true })).toEqual({
      peer: "tile",
      self: "tile",
      peerScreen: "tile",
      ownScreen: "none",
    });
  });

  it("leave oneself out where one asked for it", () => {
    for (const tiles of [true, false]) {
      expect(rolesOf({ ...SEEN, tiles, selfHidden: true }).self).toBe("none");
    }
  });

  it("are no tiles while it rings", () => {
    const rings = { ...SEEN, tiles: true, connected: false, peerCamera: false };
    expect(rolesOf(rings)).toMatchObject({ peer: "none", self: "small" });
  });
});
