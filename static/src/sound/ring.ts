/** Ringing made with WebAudio: no sound files to load. */

/** Frequencies in Hz, and seconds of sound followed by silence. */
interface Cadence {
  tones: number[];
  bursts: { at: number; lasts: number }[];
  period: number;
  loudness: number;
}

/** A soft double trill for incoming calls. */
export const RING: Cadence = {
  tones: [523.25, 659.25],
  bursts: [
    { at: 0, lasts: 0.4 },
    { at: 0.55, lasts: 0.4 },
  ],
  period: 2.6,
  loudness: 0.12,
};
/** Somebody else calls during a call: short and rare enough to talk over (ITU-T E.180). */
export const WAITING: Cadence = {
  tones: [440],
  bursts: [{ at: 0, lasts: 0.3 }],
  period: 8,
  loudness: 0.04,
};
/** What a caller hears (ITU-T E.180: 425 Hz, one second in five). */
export const RINGBACK: Cadence = {
  tones: [425],
  bursts: [{ at: 0, lasts: 1 }],
  period: 5,
  loudness: 0.05,
};

/** Starts; call the answer to stop. Silent until the person has touched the page once. */
export function play(cadence: Cadence): () => void {
  const context = new AudioContext();
  const wake = () => void context.resume().catch(() => {});
  addEventListener("pointerdown", wake);
  addEventListener("keydown", wake);
  const sound = () => {
    if (context.state !== "running") return;
    for (const burst of cadence.bursts) schedule(context, cadence, burst);
  };
  context.addEventListener("statechange", sound, { once: true });
  sound();
  const timer = setInterval(sound, cadence.period * 1000);
  return () => {
    clearInterval(timer);
    removeEventListener("pointerdown", wake);
    removeEventListener("keydown", wake);
    void context.close().catch(() => {});
  };
}

function schedule(context: AudioContext, cadence: Cadence, burst: { at: number; lasts: number }) {
  const from = context.currentTime + burst.at;
  const volume = context.createGain();
  // Ramps, because a tone that starts or stops at once clicks.
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(cadence.loudness, from + 0.02);
  volume.gain.setValueAtTime(cadence.loudness, from + burst.lasts - 0.05);
  volume.gain.linearRampToValueAtTime(0, from + burst.lasts);
  volume.connect(context.destination);
  for (const frequency of cadence.tones) {
    const tone = context.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(volume);
    tone.start(from);
    tone.stop(from + burst.lasts);
  }
}
