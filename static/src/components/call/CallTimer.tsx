import { useEffect, useState } from "preact/hooks";
import { clock } from "../../text/time";

/** How long the call has lasted; counts from `since` (milliseconds since 1970). */
export function CallTimer({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return (
    // A screen reader must not read every second.
    <span class="timer" role="timer" aria-live="off" data-testid="call-timer">
      {clock((now - since) / 1000)}
    </span>
  );
}
