/** Times as people write them, in the language of the page. */
import { language, t } from "./i18n";

/** 7 → "0:07", 3725 → "1:02:05". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  return hours ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

/** Today the time, this week the day, else the date. */
export function moment(at: number, now: number = Date.now()): string {
  if (!at) return "";
  const date = new Date(at);
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (at >= midnight) return timeOfDay(at);
  if (at >= midnight - 6 * 86_400_000)
    return date.toLocaleDateString(language.value, { weekday: "short" });
  return date.toLocaleDateString(language.value, { day: "numeric", month: "short" });
}

export function day(at: number, now: number = Date.now()): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (at >= midnight) return t("today");
  if (at >= midnight - 86_400_000) return t("yesterday");
  return new Date(at).toLocaleDateString(language.value, {
    weekday: "long",
    day: "numeric",
    month: "long",
  });
}

export function timeOfDay(at: number): string {
  return new Date(at).toLocaleTimeString(language.value, { hour: "2-digit", minute: "2-digit" });
}
