/** Where the keyboard is when something takes the page over, and when it is gone. */
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/**
 * Moves the focus into the element while it is there, and back to where it was afterwards. A
 * `<dialog>` is opened as a modal one. Give the element `tabIndex={-1}`: the focus lies on the
 * whole, so that a screen reader says its name and a stray Enter answers nothing. Where `takes` is
 * false when it appears, it is shown and nothing moves.
 */
export function useArrival<Kind extends HTMLElement>(takes = true): RefObject<Kind | null> {
  const element = useRef<Kind>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const found = element.current;
    if (!takes) {
      if (found instanceof HTMLDialogElement) found.open = true;
      return;
    }
    if (found instanceof HTMLDialogElement) found.showModal();
    found?.focus();
    return () => {
      // After what comes in its place is drawn.
      setTimeout(() => {
        if (document.activeElement !== document.body && document.activeElement?.isConnected) return;
        const next = before?.isConnected && before !== document.body ? before : main();
        next?.focus();
      });
    };
  }, []);
  return element;
}

function main(): HTMLElement | null {
  return document.querySelector("main");
}
