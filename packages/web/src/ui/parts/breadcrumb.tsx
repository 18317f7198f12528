import type { TargetedSubmitEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { crumbs, typedPath } from "../paths.ts";
import { visible } from "../quantities.ts";
import type { Pane } from "../state/pane.ts";
import { active, panes } from "../state/panes.ts";
import { texts } from "../texts/language.ts";
import { Icon } from "./icon.tsx";
import { dropEvents } from "./list-events.ts";

/** Where one is: every part leads there and takes what is dropped on it, and the whole can be typed (Ctrl+L). */
export function Breadcrumb({ pane }: { readonly pane: Pane }) {
  const [isTyping, setTyping] = useState(false);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "l" || active.value !== pane) return;
      event.preventDefault();
      setTyping(true);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget).get("path");
    setTyping(false);
    if (typeof typed === "string") void pane.open(typedPath(typed, pane.path.value));
  };
  if (isTyping) {
    return (
      <form class="crumbs" onSubmit={submit}>
        <input
          name="path"
          aria-label={texts.value.files.path}
          defaultValue={pane.path.value}
          autofocus
          autocomplete="off"
          spellcheck={false}
          onBlur={() => setTyping(false)}
          onKeyDown={({ key }) => key === "Escape" && setTyping(false)}
          ref={(input) => void input?.select()}
        />
      </form>
    );
  }
  const number = panes.value.length > 1 ? ` ${panes.value.indexOf(pane) + 1}` : "";
  const label = `${texts.value.files.path}${number}`;
  const all = crumbs(pane.path.value);
  return (
    <nav class="crumbs" aria-label={label} onDblClick={() => setTyping(true)}>
      <ol>
        {all.map(({ name, path: target }, at) => (
          <li key={target} {...dropEvents(pane, () => target)}>
            <button
              type="button"
              class="quiet"
              aria-current={at === all.length - 1 ? "page" : undefined}
              onClick={() => void pane.open(target)}
            >
              {visible(name)}
            </button>
          </li>
        ))}
      </ol>
      <button
        type="button"
        class="quiet crumbs-edit"
        title={texts.value.actions.typePath}
        aria-label={texts.value.actions.typePath}
        onClick={() => setTyping(true)}
      >
        <Icon name="rename" />
      </button>
    </nav>
  );
}
