/** Many events arrive at once: what they change is looked at, and drawn, once for all of them. */

/** Calls `work` once, `after_ms` after the first of several calls. */
export function settled(work: () => void, after_ms = 150) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      work();
    }, after_ms);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
