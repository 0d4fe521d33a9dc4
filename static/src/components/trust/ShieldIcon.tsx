/** Shields: with a tick, empty, with a warning. */
const SHIELD =
  "M12 2.500 4.500 5.500v6c0 4.600 3.100 8.300 7.500 10 4.400-1.700 7.500-5.400 7.500-10v-6z";
const INNER = {
  sure: "M7.900 12 1.300-1.300 2.100 2.100 4.500-4.500 1.300 1.300-5.800 5.800z",
  open: "M12 4.700 6.500 6.900v4.600c0 3.500 2.200 6.300 5.500 7.800 3.300-1.500 5.500-4.300 5.500-7.800V6.900z",
  warn: "M11.100 7h1.800v6.200h-1.800zm0 7.900h1.800v1.800h-1.800z",
} as const;

export type ShieldKind = keyof typeof INNER;

export function ShieldIcon({ kind }: { kind: ShieldKind }) {
  return (
    <svg class={`icon shield shield-${kind}`} viewBox="0 0 24 24" aria-hidden="true">
      <path fill-rule="evenodd" d={`${SHIELD} ${INNER[kind]}`} />
    </svg>
  );
}
