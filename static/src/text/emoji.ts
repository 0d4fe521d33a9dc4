/** The names of the verification emoji; the SDK knows the English ones, which are the keys. */
import { t } from "./i18n";
import type { Texts } from "./texts";

export function emojiName(english: string): string {
  const key = english as keyof Texts["emoji"] & string;
  return t(`emoji:${key}`, { defaultValue: english });
}
