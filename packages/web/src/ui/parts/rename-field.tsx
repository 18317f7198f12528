import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { visible } from "../quantities.ts";
import { rename } from "../state/changes.ts";
import type { Pane } from "../state/pane.ts";
import { texts } from "../texts/language.ts";

/** A name that is being changed where it stands; what stands before its ending is selected. */
export function RenameField({ pane, name }: { readonly pane: Pane; readonly name: string }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const dot = name.lastIndexOf(".");
    input.current?.focus();
    input.current?.setSelectionRange(0, dot > 0 ? dot : name.length);
  }, []);
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    event.stopPropagation();
    if (event.key === "Enter") void rename(pane, name, event.currentTarget.value);
    if (event.key === "Escape") pane.renaming.value = undefined;
  };
  return (
    <input
      ref={input}
      class="rename"
      aria-label={texts.value.files.newNameOf(visible(name))}
      defaultValue={name}
      onKeyDown={onKeyDown}
      onClick={(event) => event.stopPropagation()}
      onDblClick={(event) => event.stopPropagation()}
      onBlur={() => (pane.renaming.value = undefined)}
    />
  );
}
