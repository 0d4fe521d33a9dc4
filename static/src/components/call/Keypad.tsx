/** Twelve keys, pressed here or on the keyboard, for menus and conferences that ask for digits. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { pressKey } from "../../matrix/callmedia";
import { isKey, KEYS, type Key, sound } from "../../sound/dtmf";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";

/** What fits on the line above the keys. */
const SHOWN = 20;

export function Keypad({ onClose }: { onClose: () => void }) {
  const [pressed, setPressed] = useState("");
  const context = useRef<AudioContext | null>(null);
  const press = (key: Key) => {
    pressKey(key);
    context.current ??= new AudioContext();
    sound(context.current, key);
    setPressed((before) => (before + key).slice(-SHOWN));
  };
  // With the layout: a key that is pressed as soon as the keypad is seen counts.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey) return;
      if (event.key === "Escape") onClose();
      if (isKey(event.key) && !event.repeat) press(event.key);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => () => void context.current?.close().catch(() => {}), []);
  return (
    <section class="keypad" aria-label={t("lines:keypad")} data-testid="keys">
      <header>
        <output class="keypad-pressed" aria-label={t("lines:pressed")} data-testid="keys-pressed">
          {pressed}
        </output>
        <button type="button" class="round plain" aria-label={t("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="keypad-keys">
        {KEYS.map((key) => (
          <button
            key={key}
            type="button"
            class="key"
            aria-label={nameOf(key)}
            onClick={() => press(key)}
            data-testid={`key-${key}`}
          >
            {key}
          </button>
        ))}
      </div>
    </section>
  );
}

function nameOf(key: Key): string {
  if (key === "*") return t("lines:star");
  return key === "#" ? t("lines:pound") : key;
}
