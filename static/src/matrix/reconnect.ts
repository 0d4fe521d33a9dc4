/**
 * Another network, or a laptop that wakes up: a new path is looked for at once, before the browser
 * notices that the old one is dead (it takes 5 to 30 s, and the SDK gives up after 30 s more).
 */
import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import { CallState } from "matrix-js-sdk/lib/webrtc/call";
import { all } from "../state/lines";
import { connection } from "../state/store";
import * as lines from "./lines";
import { keepSignalling } from "./private";

const TICK_MS = 2000;
/** Browsers slow the timers of hidden tabs, but not of those that are in a call. */
const SLEPT_MS = 15_000;
/** Several events tell of one change. */
const CALM_MS = 3000;

/** Of the Network Information API; Firefox and Safari have none. */
type Network = EventTarget & { type?: string };

export function watchNetwork(client: MatrixClient): () => void {
  let restarted = 0;
  const restart = () => {
    if (Date.now() - restarted < CALM_MS) return;
    restarted = Date.now();
    client.retryImmediately();
    restartPaths();
  };
  const network = (navigator as Navigator & { connection?: Network }).connection;
  let type = network?.type;
  const onChange = () => {
    // It also tells of estimates of speed, which are no change of network.
    if (type !== network?.type && navigator.onLine) restart();
    type = network?.type;
  };
  let ticked = Date.now();
  const timer = setInterval(() => {
    if (Date.now() - ticked > SLEPT_MS && lines.current().stage) restart();
    ticked = Date.now();
    if (connection.value !== "online") {
      for (const each of all(lines.current())) keepSignalling(each.call);
    }
  }, TICK_MS);
  addEventListener("online", restart);
  network?.addEventListener("change", onChange);
  return () => {
    clearInterval(timer);
    removeEventListener("online", restart);
    network?.removeEventListener("change", onChange);
  };
}

/** RFC 8445 §2.4, "ICE Restart"; the SDK sends the offer that the browser then asks for. */
function restartPaths() {
  for (const { call, connectedAt } of all(lines.current())) {
    if (connectedAt === null || call.state === CallState.Ended) continue;
    if (call.peerConn?.signalingState !== "closed") call.peerConn?.restartIce();
  }
}
