import { useEffect, useState } from "preact/hooks";

/** Milliseconds after which a person wonders whether anything happens. */
const LONG = 5000;

/** true while `busy` has lasted so long that something should be said. */
export function useSlow(busy: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!busy) return;
    const timer = setTimeout(() => setSlow(true), LONG);
    return () => clearTimeout(timer);
  }, [busy]);
  return slow;
}
