/** A modal dialog that opens when it is drawn; Escape and a cancel button close it. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import "../../style/trust.css";

interface Props {
  title: string;
  onClose: () => void;
  testid: string;
  children: ComponentChildren;
}

export function Modal({ title, onClose, testid, children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const name = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog trust-dialog"
      aria-labelledby={name}
      onCancel={(event) => {
        event.preventDefault(); // What is drawn decides what is open.
        onClose();
      }}
      data-testid={testid}
    >
      <div class="card">
        <h2 id={name}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
