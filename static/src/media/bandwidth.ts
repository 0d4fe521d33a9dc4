/** Sending less: limits on what each RTCRtpSender may send. */
import type { Bandwidth } from "../state/layout";

export interface Limits {
  /** Bits a second; undefined: what the network carries. */
  maxBitrate: number | undefined;
  maxFramerate: number | undefined;
  scaleResolutionDownBy: number | undefined;
}

const FREE: Limits = {
  maxBitrate: undefined,
  maxFramerate: undefined,
  scaleResolutionDownBy: undefined,
};
/** Opus stays well understood at 16 kbit/s (RFC 7587 §3.1.1: wide-band speech from 16). */
const SOUND: Limits = { ...FREE, maxBitrate: 16_000 };
const LINES = 240;
/** Writing must stay legible: fewer pictures, all of their lines. */
const SCREEN: Limits = { ...FREE, maxBitrate: 250_000, maxFramerate: 5 };

export function limitsFor(track: MediaStreamTrack, bandwidth: Bandwidth): Limits {
  if (bandwidth === "full") return FREE;
  if (track.kind === "audio") return SOUND;
  const { height = LINES, displaySurface } = track.getSettings();
  if (displaySurface) return SCREEN;
  const scaleResolutionDownBy = Math.max(1, height / LINES);
  return { maxBitrate: 120_000, maxFramerate: 15, scaleResolutionDownBy };
}

/** Puts the limits on whatever is sent and does not have them yet. */
export function limitSending(connection: RTCPeerConnection, bandwidth: Bandwidth) {
  for (const sender of connection.getSenders()) {
    if (sender.track) limit(sender, limitsFor(sender.track, bandwidth));
  }
}

function limit(sender: RTCRtpSender, limits: Limits) {
  const parameters = sender.getParameters();
  // None before the first negotiation.
  if (!parameters.encodings?.length) return;
  let changed = false;
  for (const encoding of parameters.encodings) {
    for (const name of Object.keys(FREE) as (keyof Limits)[]) {
      const wanted = limits[name];
      if (same(encoding[name], wanted, name)) continue;
      if (wanted === undefined) delete encoding[name];
      else encoding[name] = wanted;
      changed = true;
    }
  }
  // Refused while a negotiation is under way; the next round tries again.
  if (changed) sender.setParameters(parameters).catch(() => {});
}

/** The browser fills in a scale of 1 where none is asked for. */
function same(has: number | undefined, wanted: number | undefined, name: keyof Limits): boolean {
  if (name === "scaleResolutionDownBy") return Math.abs((has ?? 1) - (wanted ?? 1)) < 0.01;
  return has === wanted;
}

/** Megabytes in a quarter of an hour at that many kilobits a second. */
export function megabytes(kbps: number): number {
  return (kbps * 900) / 8000;
}
