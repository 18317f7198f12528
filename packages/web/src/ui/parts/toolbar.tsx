import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type ActionName, actionOf } from "../state/actions.ts";
import { takeChosen } from "../state/dropped.ts";
import { menu } from "../state/layers.ts";
import type { Pane } from "../state/pane.ts";
import { active } from "../state/panes.ts";
import { texts } from "../texts/language.ts";
import { Icon, type IconName } from "./icon.tsx";

const shownActions: readonly ActionName[] = ["newFolder", "download", "rename", "remove", "search", "tiles", "second"];

/** What is done most with the directory and with what is selected; a menu has the rest. */
export function Toolbar({ pane }: { readonly pane: Pane }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const filter = useRef<HTMLInputElement>(null);
  const t = texts.value.files;
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const isFind = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f";
      if (!isFind || active.value !== pane || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      filter.current?.focus();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  return (
    <div class="toolbar" role="toolbar" aria-label={t.files} onFocusIn={() => (active.value = pane)}>
      <Chooser pane={pane} input={files} name="files" />
      <Chooser pane={pane} input={folder} name="folder" />
      <Tool name="upload" icon="upload" text={t.upload} kind="primary" onClick={() => files.current?.click()} />
      <Tool name="folder-up" icon="folder-up" text={t.uploadFolder} onClick={() => folder.current?.click()} />
      {shownActions.map((id) => {
        const { icon, title, isOn, isPressed, run } = actionOf(id);
        const pressed = isPressed?.(pane);
        return (
          <Tool
            key={id}
            name={id}
            icon={icon}
            text={title(texts.value)}
            isOff={!isOn(pane)}
            {...(pressed !== undefined && { isPressed: pressed })}
            onClick={() => {
              active.value = pane;
              run(pane);
            }}
          />
        );
      })}
      <Tool
        name="more"
        icon="more"
        text={texts.value.actions.more}
        onClick={({ left, bottom }) => (menu.value = { pane, x: left, y: bottom + 4 })}
      />
      <input
        ref={filter}
        type="search"
        class="filter"
        placeholder={t.filter}
        aria-label={t.filterByName}
        value={pane.filter.value}
        onInput={({ currentTarget }) => {
          pane.filter.value = currentTarget.value;
          pane.cursor.value = 0;
        }}
        onKeyDown={({ key, currentTarget }) => {
          if (key === "Escape") pane.filter.value = "";
          if (key === "Escape" || key === "ArrowDown" || key === "Enter") {
            currentTarget.closest(".pane")?.querySelector<HTMLElement>(".rows [tabindex='0']")?.focus();
          }
        }}
      />
    </div>
  );
}

function Tool({
  name,
  icon,
  text,
  onClick,
  isOff = false,
  isPressed,
  kind = "tool",
}: {
  readonly name: string;
  readonly icon: IconName;
  readonly text: string;
  readonly onClick: (box: DOMRect) => void;
  readonly isOff?: boolean;
  readonly isPressed?: boolean;
  readonly kind?: "primary" | "tool";
}) {
  return (
    <button
      type="button"
      class={kind === "primary" ? "primary" : `tool tool-${name}`}
      disabled={isOff}
      aria-pressed={isPressed}
      onClick={({ currentTarget }) => onClick(currentTarget.getBoundingClientRect())}
      title={text}
      aria-label={text}
    >
      <Icon name={icon} />
      {kind === "primary" && <span class="tool-text">{text}</span>}
    </button>
  );
}

/** The browser's own dialog for files, or for a folder with everything in it. */
function Chooser({
  pane,
  input,
  name,
}: {
  readonly pane: Pane;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly name: "files" | "folder";
}) {
  return (
    <input
      ref={input}
      type="file"
      multiple
      hidden
      {...(name === "folder" && { webkitdirectory: true })}
      data-testid={name}
      onChange={({ currentTarget }) => {
        const login = pane.login.value;
        if (login) void takeChosen([...(currentTarget.files ?? [])], { login, directory: pane.path.value });
        currentTarget.value = "";
      }}
    />
  );
}
