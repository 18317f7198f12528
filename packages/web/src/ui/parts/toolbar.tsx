import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import { childPath } from "../paths.ts";
import {
  cursor,
  filter,
  makeDirectory,
  path,
  reload,
  removeSelected,
  renaming,
  selected,
  shown,
  showSelected,
} from "../state/directory.ts";
import { takeChosen } from "../state/dropped.ts";
import { download } from "../state/queue.ts";
import { Icon, type IconName } from "./icon.tsx";
import { texts } from "../texts/language.ts";

/** What can be done with the directory and with what is selected. */
export function Toolbar() {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const count = selected.value.size;
  const t = texts.value.files;
  const chosen = (): readonly string[] =>
    shown.value.filter(({ name }) => selected.value.has(name)).map(({ name }) => name);
  const downloadChosen = async (): Promise<void> => {
    for (const name of chosen()) await download(childPath(path.value, name));
  };
  const renameChosen = (): void => {
    const [name] = chosen();
    cursor.value = shown.value.findIndex((entry) => entry.name === name);
    renaming.value = name;
  };
  return (
    <div class="toolbar" role="toolbar" aria-label={t.files}>
      <Chooser input={files} name="files" />
      <Chooser input={folder} name="folder" />
      <Tool icon="upload" text={t.upload} isPrimary onClick={() => files.current?.click()} />
      <Tool icon="folder-up" text={t.uploadFolder} onClick={() => folder.current?.click()} />
      <Tool icon="folder-plus" text={t.newFolder} onClick={() => void makeDirectory()} />
      <Tool icon="download" text={t.download} isOff={count === 0} onClick={() => void downloadChosen()} />
      <Tool icon="rename" text={t.rename} isOff={count !== 1} onClick={renameChosen} />
      <Tool icon="details" text={t.details} isOff={count !== 1} onClick={showSelected} />
      <Tool icon="remove" text={t.remove} isOff={count === 0} onClick={() => void removeSelected()} />
      <Tool icon="reload" text={t.reload} onClick={() => void reload()} />
      <input
        type="search"
        class="filter"
        placeholder={t.filter}
        aria-label={t.filterByName}
        value={filter.value}
        onInput={({ currentTarget }) => {
          filter.value = currentTarget.value;
          cursor.value = 0;
        }}
      />
    </div>
  );
}

function Tool({
  icon,
  text,
  onClick,
  isOff = false,
  isPrimary = false,
}: {
  readonly icon: IconName;
  readonly text: string;
  readonly onClick: () => void;
  readonly isOff?: boolean;
  readonly isPrimary?: boolean;
}) {
  return (
    <button type="button" class={isPrimary ? "primary" : "tool"} disabled={isOff} onClick={onClick} title={text}>
      <Icon name={icon} />
      <span class="tool-text">{text}</span>
    </button>
  );
}

/** The browser's own dialog for files, or for a folder with everything in it. */
function Chooser({
  input,
  name,
}: {
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
        void takeChosen([...(currentTarget.files ?? [])], path.value);
        currentTarget.value = "";
      }}
    />
  );
}
