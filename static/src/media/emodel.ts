/**
 * How a call sounds, estimated from what the network did: the E-model of ITU-T G.107.
 *
 *     R = 93.2 − Idd − Ie,eff        MOS = 1 + 0.035 R + R (R − 60) (100 − R) · 7·10⁻⁶
 *
 * The service estimates it the same way (docs/media.md): Opus counts as transparent with the
 * concealment of G.711 appendix I (Ie = 0, Bpl = 25.1), at random loss. The scale is that of
 * narrow-band speech, whose best is 4.4: a figure to compare calls by.
 */
const R0 = 93.2;
const IE = 0;
const BPL = 25.1;
/** Seconds that Opus takes: a frame of 20 ms and 6.5 ms of look-ahead. */
const CODEC_DELAY = 0.0265;

export interface Network {
  /** Part of the packets, 0 to 1. */
  loss: number;
  /** Seconds (RFC 3550 §6.4.1); twice as much is waited for at the receiver. */
  jitter: number;
  /** Seconds; null counts as 0. */
  roundTrip: number | null;
}

/** 1 (bad) to 4.4. */
export function mos({ loss, jitter, roundTrip }: Network): number {
  const delay = (roundTrip ?? 0) / 2 + 2 * jitter + CODEC_DELAY;
  return mosOf(R0 - delayImpairment(delay) - lossImpairment(loss));
}

/** Idd of G.107 §7.4 with its default sT = 1 and mT = 100 ms; `delay` one way, in seconds. */
export function delayImpairment(delay: number): number {
  const ms = delay * 1000;
  if (ms <= 100) return 0;
  const x = Math.log2(ms / 100);
  return 25 * (sixth(1 + x ** 6) - 3 * sixth(1 + (x / 3) ** 6) + 2);
}

function sixth(x: number): number {
  return Math.exp(Math.log(x) / 6);
}

/** Ie,eff of G.107 §7.5; `loss` 0 to 1. */
export function lossImpairment(loss: number): number {
  const percent = 100 * Math.min(Math.max(loss, 0), 1);
  return IE + ((95 - IE) * percent) / (percent + BPL);
}

/** G.107 annex B. Below R = 6.5 its polynomial falls under 1, which is the worst. */
export function mosOf(r: number): number {
  if (r <= 6.5) return 1;
  if (r >= 100) return 4.5;
  return 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
}

export type Quality = "good" | "fair" | "poor";

/** G.107 annex B, table B.1: below 3.6 many users are dissatisfied, below 2.6 nearly all. */
export function qualityOf(value: number): Quality {
  if (value >= 3.6) return "good";
  return value >= 2.6 ? "fair" : "poor";
}
