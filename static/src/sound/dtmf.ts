/** What a person hears of the keys that they press: ITU-T Q.23, a low and a high tone for each. */

export const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;
export type Key = (typeof KEYS)[number];

const LOW = [697, 770, 852, 941];
const HIGH = [1209, 1336, 1477];
const LASTS = 0.12;
const LOUDNESS = 0.05;

/** In Hz: the row's tone, the column's tone. */
export function tonesOf(key: Key): [number, number] {
  const at = KEYS.indexOf(key);
  return [LOW[Math.floor(at / HIGH.length)] ?? 0, HIGH[at % HIGH.length] ?? 0];
}

export function isKey(text: string): text is Key {
  return (KEYS as readonly string[]).includes(text);
}

/** One context for all keys: browsers allow few. Close it when the keypad goes. */
export function sound(context: AudioContext, key: Key) {
  const volume = context.createGain();
  volume.gain.value = LOUDNESS;
  volume.connect(context.destination);
  for (const frequency of tonesOf(key)) {
    const tone = context.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(volume);
    tone.start();
    tone.stop(context.currentTime + LASTS);
  }
}
