/** How loud a stream is, several times a second. */

const PERIOD_MS = 60;
/** Decibels below full scale that count as silence. */
const FLOOR_DB = -60;

/** Calls `tell` with 0 (silence) to 1 (full scale), on a scale of decibels. Stop it when done. */
export function watchLevel(stream: MediaStream, tell: (level: number) => void): () => void {
  if (stream.getAudioTracks().length === 0) return () => {};
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    tell(levelOf(samples));
  }, PERIOD_MS);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

export function levelOf(samples: Float32Array): number {
  const power = samples.reduce((sum, each) => sum + each * each, 0) / samples.length;
  const decibels = 10 * Math.log10(Math.max(power, 1e-12));
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
}

/** Three notes through a speaker. Throws where it cannot be used. */
export async function playNotes(speaker: string): Promise<void> {
  const context = new AudioContext();
  try {
    const { setSinkId } = context as { setSinkId?: (id: string) => Promise<void> };
    if (speaker && setSinkId) await setSinkId.call(context, speaker);
    const gain = context.createGain();
    gain.gain.value = 0.15;
    gain.connect(context.destination);
    const last = [523, 659, 784].map((pitch, index) => {
      const note = new OscillatorNode(context, { frequency: pitch });
      note.connect(gain);
      note.start(context.currentTime + index * 0.2);
      note.stop(context.currentTime + index * 0.2 + 0.18);
      return note;
    })[2];
    await new Promise((resolve) => last?.addEventListener("ended", resolve));
  } finally {
    await context.close();
  }
}
