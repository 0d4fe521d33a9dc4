import { afterEach, expect, it, vi } from "vitest";
import { answerIn, keepPending, newState, takeReturned } from "./pending";

const PAGE = "https://calls.example.org/app/";

/** A tab's own storage and address bar. */
function openTab(address: string) {
  const url = new URL(address);
  const kept = new Map<string, string>();
  vi.stubGlobal("location", url);
  vi.stubGlobal("history", {
    replaceState: (_state: null, _title: string, next: string) => {
      url.href = new URL(next, url).href;
    },
  });
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  return { url, kept };
}

afterEach(() => vi.unstubAllGlobals());

it("comes back to where it was, once, without the token in the address", () => {
  const { url, kept } = openTab(`${PAGE}?relay=1#/room/!a%3Ab`);
  const state = newState();
  keepPending({ kind: "sso", state, homeserver: "https://example.org" });
  url.href = `${PAGE}?state=${state}&loginToken=secret`;
  const found = takeReturned();
  expect(found?.pending?.homeserver).toBe("https://example.org");
  expect(found?.answer.get("loginToken")).toBe("secret");
  expect(url.href).toBe(`${PAGE}?relay=1#/room/!a%3Ab`);
  expect(kept.size).toBe(0);
  expect(takeReturned()).toBeNull();
});

it.each([
  ["a stranger's link", (_: string) => "?loginToken=theirs"],
  ["another state", (_: string) => "?loginToken=theirs&state=guessed"],
  ["an empty state", (_: string) => "?loginToken=theirs&state="],
])("%s is thrown away", (_, back) => {
  const { url } = openTab(PAGE);
  const state = newState();
  keepPending({ kind: "sso", state, homeserver: "https://example.org" });
  url.href = `${PAGE}${back(state)}`;
  expect(takeReturned()?.pending).toBeNull();
  expect(url.href).toBe(PAGE);
});

it("what was begun an hour ago is over", () => {
  vi.useFakeTimers();
  const { url } = openTab(PAGE);
  const state = newState();
  keepPending({ kind: "oauth", state, homeserver: "https://example.org" });
  vi.advanceTimersByTime(3_600_000);
  url.href = `${PAGE}#state=${state}&code=c`;
  expect(takeReturned()?.pending).toBeNull();
  vi.useRealTimers();
});

it.each([
  ["", "#/room/!abc", false],
  ["?relay=1", "", false],
  ["?state=s&loginToken=t", "", true],
  ["", "#state=s&code=c", true],
  ["?state=s&error=access_denied", "", true],
  ["?code=c", "", false],
])("%s%s is an answer: %s", (search, hash, expected) => {
  expect(answerIn({ search, hash }) !== null).toBe(expected);
});
