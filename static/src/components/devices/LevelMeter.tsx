/** How loud a stream is right now. */
import { useEffect, useRef } from "preact/hooks";
import { watchLevel } from "../../media/level";

export function LevelMeter({ stream, label }: { stream: MediaStream | null; label: string }) {
  const meter = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    if (!stream) return;
    // Straight to the element: drawing a component seventeen times a second is not needed.
    return watchLevel(stream, (level) => {
      const element = meter.current;
      if (!element) return;
      element.value = level;
      const loudest = Math.max(level, Number(element.dataset.loudest ?? 0));
      element.dataset.loudest = loudest.toFixed(3);
    });
  }, [stream, stream?.getAudioTracks()[0]]);
  return (
    <meter
      ref={meter}
      class="level"
      min={0}
      max={1}
      value={0}
      aria-label={label}
      data-testid="level"
    />
  );
}
