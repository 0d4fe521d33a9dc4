/** What happened here, in order, for whoever wonders why a test failed. */
const MOST = 500;
const lines: string[] = [];

export function note(line: string) {
  if (lines.length < MOST) lines.push(`${(performance.now() / 1000).toFixed(3)} ${line}`);
}

export function log(): string[] {
  return lines;
}
