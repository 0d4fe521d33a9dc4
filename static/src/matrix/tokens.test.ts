import { describe, expect, it, vi } from "vitest";
import { refreshingFetch } from "./tokens";

const SESSION = {
  homeserver: "https://example.org",
  userId: "@ada:example.org",
  deviceId: "D",
  accessToken: "one",
  refreshToken: "r1",
};
const AUTHORIZED = { headers: { Authorization: "Bearer one" } };

/** A homeserver that takes the token `good`, and refreshes to it when asked with `r1`. */
function homeserver({ good = "two", refuses = false } = {}) {
  const asked: string[] = [];
  const ask = vi.fn(async (input: RequestInfo | URL, init?: RequestInit) => {
    if (String(input).endsWith("/refresh")) {
      asked.push("refresh");
      if (refuses) return Response.json({ errcode: "M_UNKNOWN_TOKEN" }, { status: 401 });
      return Response.json({ access_token: good, refresh_token: "r2", expires_in_ms: 300_000 });
    }
    const token = new Headers(init?.headers).get("Authorization") ?? "nobody";
    asked.push(token);
    if (token === "nobody" || token === `Bearer ${good}`) return Response.json({});
    return Response.json({ errcode: "M_UNKNOWN_TOKEN", soft_logout: true }, { status: 401 });
  });
  return { ask, asked };
}

describe("requests with tokens that end", () => {
  it("are sent again with the next token", async () => {
    const { ask, asked } = homeserver();
    const kept = vi.fn();
    const send = refreshingFetch(SESSION, kept, ask);
    expect((await send("https://example.org/sync", AUTHORIZED)).status).toBe(200);
    expect(asked).toEqual(["Bearer one", "refresh", "Bearer two"]);
    expect(kept).toHaveBeenCalledWith(
      expect.objectContaining({ accessToken: "two", refreshToken: "r2" }),
    );
  });

  it("refresh before the token ends", async () => {
    const { ask, asked } = homeserver();
    const send = refreshingFetch({ ...SESSION, expiresAt: Date.now() + 1000 }, vi.fn(), ask);
    await send("https://example.org/sync", AUTHORIZED);
    expect(asked).toEqual(["refresh", "Bearer two"]);
  });

  it("refresh once for many", async () => {
    const { ask, asked } = homeserver();
    const send = refreshingFetch(SESSION, vi.fn(), ask);
    const many = Array.from({ length: 5 }, () => send("https://example.org/x", AUTHORIZED));
    for (const each of await Promise.all(many)) expect(each.status).toBe(200);
    expect(asked.filter((each) => each === "refresh")).toHaveLength(1);
  });

  it("get the homeserver's own answer where there is no next token", async () => {
    const { ask } = homeserver({ refuses: true });
    const answer = await refreshingFetch(
      SESSION,
      vi.fn(),
      ask,
    )("https://example.org/x", AUTHORIZED);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toHaveProperty("soft_logout", true);
  });

  it("leave alone what carries no token", async () => {
    const { ask, asked } = homeserver();
    await refreshingFetch(SESSION, vi.fn(), ask)("https://example.org/versions");
    expect(asked).toEqual(["nobody"]);
  });
});
