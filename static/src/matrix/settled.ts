/** Several things change at once: they are looked at once for all. */
const SETTLE_MS = 150;

/** Calls `work` once, a moment after the first of several calls. */
export function settled(work: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      work();
    }, SETTLE_MS);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
