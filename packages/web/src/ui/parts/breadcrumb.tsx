import { useEffect, useState } from "preact/hooks";
import type { TargetedSubmitEvent } from "preact";
import { crumbs, typedPath } from "../paths.ts";
import { visible } from "../quantities.ts";
import { open, path } from "../state/directory.ts";
import { texts } from "../texts/language.ts";

/** Where one is: every part leads there, and the whole can be typed (Ctrl+L). */
export function Breadcrumb() {
  const [isTyping, setTyping] = useState(false);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "l") return;
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
    if (typeof typed === "string") void open(typedPath(typed, path.value));
  };
  if (isTyping) {
    return (
      <form class="crumbs" onSubmit={submit}>
        <input
          name="path"
          aria-label={texts.value.files.path}
          defaultValue={path.value}
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
  const all = crumbs(path.value);
  return (
    <nav class="crumbs" aria-label={texts.value.files.path} onDblClick={() => setTyping(true)}>
      <ol>
        {all.map(({ name, path: target }, at) => (
          <li key={target}>
            <button
              type="button"
              class="quiet"
              aria-current={at === all.length - 1 ? "page" : undefined}
              onClick={() => void open(target)}
            >
              {visible(name)}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
