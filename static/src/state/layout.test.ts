import { describe, expect, it } from "vitest";
import { CORNERS, cornerAt, nextCorner } from "./layout";

describe("the corner of the self view", () => {
  it("is the nearest one, mirrored where one reads from the right", () => {
    expect(cornerAt(0.1, 0.2, false)).toBe("top-start");
    expect(cornerAt(0.1, 0.2, true)).toBe("top-end");
    expect(cornerAt(0.9, 0.6, false)).toBe("bottom-end");
  });

  it("goes round through all four and back", () => {
    let corner = CORNERS[0] ?? "top-end";
    const seen = CORNERS.map(() => {
      corner = nextCorner(corner);
      return corner;
    });
    expect(new Set(seen).size).toBe(4);
    expect(nextCorner(nextCorner("top-end"), -1)).toBe("top-end");
  });
});
