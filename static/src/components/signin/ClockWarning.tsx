import { t } from "../../text/i18n";

/** `ahead` in seconds; null where the clock is near enough. */
export function ClockWarning({ ahead }: { ahead: number | null }) {
  if (ahead === null) return null;
  const minutes = Math.max(2, Math.round(Math.abs(ahead) / 60));
  const long = minutes >= 120;
  const count = long ? Math.round(minutes / 60) : minutes;
  const by = t(long ? "ways:hours" : "ways:minutes", { count });
  return (
    <p class="clock" role="status" data-testid="clock">
      {t(ahead > 0 ? "ways:clockFast" : "ways:clockSlow", { by })}
    </p>
  );
}
