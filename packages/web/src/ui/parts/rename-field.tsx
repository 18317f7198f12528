import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { visible } from "../quantities.ts";
import { nameFault, rename } from "../state/changes.ts";
import type { Pane } from "../state/pane.ts";
import { texts } from "../texts/language.ts";

/** A name that is being changed where it stands; what stands before its ending is selected. */
export function RenameField({ pane, name }: { readonly pane: Pane; readonly name: string }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const shown = pane.typedName ?? name;
    const dot = shown.lastIndexOf(".");
    input.current?.focus();
    input.current?.setSelectionRange(0, dot > 0 ? dot : shown.length);
  }, []);
  const isGood = (field: HTMLInputElement): boolean => {
    field.setCustomValidity(nameFault(pane, name, field.value) ?? "");
    return field.reportValidity();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    event.stopPropagation();
    const { currentTarget: field } = event;
    if (event.key === "Enter" && isGood(field)) void rename(pane, name, field.value);
    if (event.key === "Escape") pane.renaming.value = undefined;
  };
  return (
    <input
      ref={input}
      class="rename"
      aria-label={texts.value.files.newNameOf(visible(name))}
      defaultValue={pane.typedName ?? name}
      onInput={({ currentTarget }) => currentTarget.setCustomValidity("")}
      onKeyDown={onKeyDown}
      onClick={(event) => event.stopPropagation()}
      onDblClick={(event) => event.stopPropagation()}
      onBlur={() => (pane.renaming.value = undefined)}
    />
  );
}
