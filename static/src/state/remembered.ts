/** Choices that this browser keeps between visits. */
import { effect, type Signal, signal } from "@preact/signals";

/**
 * A signal of an object that is kept in local storage under `key`.
 *
 * What is stored may be of another version or edited by hand: of it only members are taken that
 * `fallback` has, with the same type.
 */
export function remembered<T extends object>(key: string, fallback: T): Signal<T> {
  const kept = signal<T>({ ...fallback, ...matching(read(key), fallback) });
  const unchanged = JSON.stringify(fallback);
  effect(() => {
    const text = JSON.stringify(kept.value);
    write(key, text === unchanged ? null : text);
  });
  return kept;
}

export function matching<T extends object>(found: unknown, fallback: T): Partial<T> {
  if (typeof found !== "object" || found === null) return {};
  const known = Object.entries(found).filter(
    ([name, value]) =>
      Object.hasOwn(fallback, name) && typeof value === typeof fallback[name as keyof T],
  );
  return Object.fromEntries(known) as Partial<T>;
}

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null; // Refused storage, or damaged: the defaults do.
  }
}

function write(key: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // The choice lasts as long as the tab.
  }
}
