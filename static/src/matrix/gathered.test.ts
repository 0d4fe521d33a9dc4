import { expect, it, vi } from "vitest";
import { gatherFirst } from "./gathered";

/** As far as `gatherFirst` sees one: it tells of its candidates after its description is set. */
class Connection extends EventTarget {
  state = "new";
  described = 0;
  get iceGatheringState() {
    return this.state;
  }
  async setLocalDescription() {
    this.described += 1;
    this.state = "gathering";
  }
}

function waiting(connection: Connection) {
  let seen: string | undefined;
  gatherFirst(connection as unknown as RTCPeerConnection);
  void connection.setLocalDescription().then(() => {
    seen = connection.iceGatheringState;
  });
  return () => seen;
}

it("waits for the first candidate and then looks as if nothing were gathered", async () => {
  vi.useFakeTimers();
  const connection = new Connection();
  const seen = waiting(connection);
  await vi.advanceTimersByTimeAsync(10);
  expect(connection.described).toBe(1);
  expect(seen()).toBeUndefined();
  connection.dispatchEvent(new Event("icecandidate"));
  await vi.advanceTimersByTimeAsync(1);
  expect(seen()).toBe("new");
  await vi.advanceTimersByTimeAsync(1);
  expect(connection.iceGatheringState).toBe("gathering");
  vi.useRealTimers();
});

it("lets the SDK wait where nothing lies ready", async () => {
  vi.useFakeTimers();
  const seen = waiting(new Connection());
  await vi.advanceTimersByTimeAsync(19);
  expect(seen()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(2);
  expect(seen()).toBe("gathering");
  vi.useRealTimers();
});

it("is for the first description alone", async () => {
  vi.useFakeTimers();
  const connection = new Connection();
  waiting(connection);
  await vi.advanceTimersByTimeAsync(30);
  expect(Object.hasOwn(connection, "setLocalDescription")).toBe(false);
  await connection.setLocalDescription();
  expect(connection.described).toBe(2);
  vi.useRealTimers();
});
