import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

/** A dialog above the page: the rest is inert, Escape closes it, and focus returns to where it was. */
export function Modal({
  title,
  tone = "plain",
  onClose,
  children,
}: {
  readonly title: string;
  readonly tone?: "plain" | "alarm" | "wide";
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const before = useRef(document.activeElement).current;
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element !== null && !element.open) element.showModal();
    // What has the focus may be at the end.
    element?.scrollTo(0, 0);
    return () => {
      element?.close();
      // The browser gives the focus back to what had it when the dialog was shown, which is after it was drawn.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const cancel = (event: Event): void => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={dialog} class={`modal modal-${tone}`} aria-labelledby={titleId} onCancel={cancel}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
