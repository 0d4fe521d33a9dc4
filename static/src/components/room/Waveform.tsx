/** Loudness over time as bars, the played part in the accent colour. */
const BARS = 48;
const HEIGHT = 32;

export function Waveform({ values, played }: { values: number[]; played: number }) {
  const bars = resample(values, BARS);
  return (
    <svg
      class="waveform"
      viewBox={`0 0 ${BARS * 4} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {bars.map((value, index) => {
        const height = Math.max(3, value * HEIGHT);
        return (
          <rect
            key={index}
            class={(index + 0.5) / BARS <= played ? "bar bar-played" : "bar"}
            x={index * 4}
            y={(HEIGHT - height) / 2}
            width={2.4}
            height={height}
            rx={1.2}
          />
        );
      })}
    </svg>
  );
}

/** The loudest value of each stretch, scaled so that a quiet recording is seen too. */
export function resample(values: number[], count: number): number[] {
  const loudest = Math.max(...values, 0.05);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * values.length) / count);
    const to = Math.max(from + 1, Math.floor(((index + 1) * values.length) / count));
    return Math.max(0, ...values.slice(from, to)) / loudest;
  });
}
