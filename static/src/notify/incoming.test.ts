import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CallView } from "../state/types";
import { notifyIncoming } from "./incoming";

const call = { id: "c1", peerName: "Ann", video: false } as CallView;
let shown: { title: string; options: NotificationOptions; closed: boolean }[];
let focused: boolean;

beforeEach(() => {
  shown = [];
  focused = false;
  class Shown {
    static permission = "granted";
    readonly entry: (typeof shown)[number];
    constructor(title: string, options: NotificationOptions) {
      this.entry = { title, options, closed: false };
      shown.push(this.entry);
    }
    close() {
      this.entry.closed = true;
    }
  }
  vi.stubGlobal("Notification", Shown);
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("document", {
    visibilityState: "visible",
    hasFocus: () => focused,
    baseURI: "https://calls.example.org/page/",
  });
});
afterEach(() => vi.unstubAllGlobals());

const settled = () => new Promise((resolve) => setTimeout(resolve));

it("says who calls, and goes away when it rings no more", async () => {
  const stop = notifyIncoming(call);
  await settled();
  expect(shown[0]).toMatchObject({ title: "Ann is calling", options: { tag: "call-c1" } });
  expect(shown[0]?.options.icon).toBe("https://calls.example.org/page/icon.svg");
  expect(shown[0]?.closed).toBe(false);
  stop();
  expect(shown[0]?.closed).toBe(true);
});

it("one that is over before it was shown is closed all the same", async () => {
  notifyIncoming(call)();
  await settled();
  expect(shown[0]?.closed).toBe(true);
});

it("stays away from a person who looks at the page, and from one who did not allow it", async () => {
  focused = true;
  notifyIncoming(call)();
  focused = false;
  (Notification as unknown as { permission: string }).permission = "denied";
  notifyIncoming(call)();
  vi.stubGlobal("Notification", undefined);
  await settled();
  expect(shown).toEqual([]);
});

it("goes through the service worker where there is one", async () => {
  const close = vi.fn();
  const worker = {
    active: {},
    showNotification: vi.fn(async () => {}),
    getNotifications: vi.fn(async () => [{ close }]),
  };
  const getRegistration = async () => worker;
  vi.stubGlobal("navigator", { serviceWorker: { getRegistration } });
  const stop = notifyIncoming(call);
  await settled();
  expect(worker.showNotification).toHaveBeenCalledWith("Ann is calling", expect.anything());
  expect(shown).toEqual([]);
  stop();
  await settled();
  expect(worker.getNotifications).toHaveBeenCalledWith({ tag: "call-c1" });
  expect(close).toHaveBeenCalledOnce();
});
