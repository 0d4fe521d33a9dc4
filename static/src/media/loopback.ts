/**
 * Tones sent into a call that plays back what it hears: how many come back, and after how long.
 *
 * The tone has a pitch of its own (not the one that the echo bot begins with), so that neither the
 * greeting nor the room's noise counts as it.
 */
const PITCH_HZ = 1270;
const TONE_SECONDS = 0.3;
const LEVEL = 0.5;
const PERIOD_MS = 10;
/** Part of the tone's own power at which it counts as heard. */
const HEARD = 0.02;
/** Loudness (root mean square) below which the line counts as quiet. */
const QUIET = 0.005;

export interface Returned {
  /** Milliseconds from the loudspeaker's end to the ear; null where it never came back. */
  afterMs: number | null;
}

export class Loopback {
  /** What is to be sent. */
  readonly stream: MediaStream;
  private readonly context = new AudioContext();
  private readonly gain: GainNode;
  private readonly tone: OscillatorNode;
  private readonly analyser: AnalyserNode;
  private player: HTMLAudioElement | null = null;

  constructor() {
    const sink = this.context.createMediaStreamDestination();
    this.gain = new GainNode(this.context, { gain: 0 });
    this.tone = new OscillatorNode(this.context, { frequency: PITCH_HZ });
    this.tone.connect(this.gain).connect(sink);
    this.tone.start();
    this.analyser = new AnalyserNode(this.context, { fftSize: 1024 });
    this.stream = sink.stream;
  }

  /** Listens to what comes back. */
  listen(stream: MediaStream) {
    // Chromium gives a remote stream's sound to Web Audio only while an element plays it.
    this.player = new Audio();
    this.player.muted = true;
    this.player.srcObject = stream;
    this.player.play().catch(() => {});
    this.context.createMediaStreamSource(stream).connect(this.analyser);
  }

  /** Waits until nothing was heard for `quietMs`, `mostMs` at most. */
  async quiet(quietMs: number, mostMs: number): Promise<void> {
    const until = performance.now() + mostMs;
    let since = performance.now();
    while (performance.now() < until && performance.now() - since < quietMs) {
      await pause(PERIOD_MS);
      if (loudness(this.samples()) > QUIET) since = performance.now();
    }
  }

  async send(mostMs: number): Promise<Returned> {
    const now = this.context.currentTime;
    this.gain.gain.setValueAtTime(LEVEL, now);
    this.gain.gain.setValueAtTime(0, now + TONE_SECONDS);
    const began = performance.now();
    while (performance.now() - began < mostMs) {
      await pause(PERIOD_MS);
      if (powerAt(PITCH_HZ, this.samples(), this.context.sampleRate) > HEARD * LEVEL ** 2) {
        return { afterMs: Math.round(performance.now() - began) };
      }
    }
    return { afterMs: null };
  }

  close() {
    if (this.player) this.player.srcObject = null;
    for (const track of this.stream.getTracks()) track.stop();
    void this.context.close();
  }

  private samples(): Float32Array {
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return samples;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function loudness(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length);
}

/** The square of a tone's amplitude, by Goertzel's algorithm. */
export function powerAt(hertz: number, samples: Float32Array, rate: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hertz) / rate);
  let [last, before] = [0, 0];
  for (const each of samples) [last, before] = [each + turn * last - before, last];
  const square = last * last + before * before - turn * last * before;
  return square / (samples.length / 2) ** 2;
}

export function medianOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
