/** Whether one TURN URI gives us a relay address: what came of it, without words. */

export interface TurnServer {
  uri: string;
  username: string;
  credential: string;
}

export type TurnResult =
  | { kind: "works"; afterMs: number }
  /** `code`: of STUN (RFC 8489 §14.8), TURN (RFC 8656 §19), or 701 where nothing answered. */
  | { kind: "refused"; code: number }
  | { kind: "silent" }
  | { kind: "invalid" };

const PATIENCE_MS = 8000;
/** The browser's own code for "no answer" (W3C WebRTC, RTCPeerConnectionIceErrorEvent). */
export const UNREACHABLE = 701;

/** Through the relay alone, and this one alone. */
export async function checkTurn(server: TurnServer): Promise<TurnResult> {
  let connection: RTCPeerConnection;
  try {
    const { uri: urls, username, credential } = server;
    connection = new RTCPeerConnection({
      iceServers: [{ urls, username, credential }],
      iceTransportPolicy: "relay",
    });
  } catch {
    return { kind: "invalid" };
  }
  try {
    return await gathered(connection);
  } finally {
    connection.close();
  }
}

function gathered(connection: RTCPeerConnection): Promise<TurnResult> {
  const began = performance.now();
  let refused: number | null = null;
  return new Promise((resolve) => {
    const failed = () =>
      resolve(refused === null ? { kind: "silent" } : { kind: "refused", code: refused });
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.type === "relay") {
        resolve({ kind: "works", afterMs: Math.round(performance.now() - began) });
      } else if (!candidate) failed();
    });
    connection.addEventListener("icecandidateerror", (event) => {
      refused = worse(refused, (event as RTCPeerConnectionIceErrorEvent).errorCode);
    });
    setTimeout(failed, PATIENCE_MS);
    connection.createDataChannel("check");
    connection.setLocalDescription().catch(failed);
  });
}

/** An answer of the relay says more than silence from one of our networks. */
export function worse(known: number | null, code: number): number {
  return known === null || known === UNREACHABLE ? code : known;
}

export type Remedy = "credentials" | "forbidden" | "transport" | "quota" | "capacity" | "network";

export function remedyOf(code: number): Remedy {
  if (code === 401 || code === 438 || code === 441) return "credentials";
  if (code === 403) return "forbidden";
  if (code === 442) return "transport";
  if (code === 486) return "quota";
  if (code === 508) return "capacity";
  return "network";
}

/** "turn:host:3478?transport=tcp" → "TCP"; "turns:" is TLS (RFC 7065). */
export function transportOf(uri: string): "UDP" | "TCP" | "TLS" | "DTLS" {
  const tcp = /[?&]transport=tcp\b/i.test(uri);
  if (/^turns:/i.test(uri)) return /[?&]transport=udp\b/i.test(uri) ? "DTLS" : "TLS";
  return tcp ? "TCP" : "UDP";
}
