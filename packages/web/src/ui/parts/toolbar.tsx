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
import { download, uploadTo } from "../state/queue.ts";
import { Icon, type IconName } from "./icon.tsx";

/** What can be done with the directory and with what is selected. */
export function Toolbar() {
  const files = useRef<HTMLInputElement>(null);
  const count = selected.value.size;
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
    <div class="toolbar" role="toolbar" aria-label="Files">
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-testid="files"
        onChange={({ currentTarget }) => {
          uploadTo(path.value, currentTarget.files ?? []);
          currentTarget.value = "";
        }}
      />
      <Tool icon="upload" text="Upload" isPrimary onClick={() => files.current?.click()} />
      <Tool icon="folder-plus" text="New folder" onClick={() => void makeDirectory()} />
      <Tool icon="download" text="Download" isOff={count === 0} onClick={() => void downloadChosen()} />
      <Tool icon="rename" text="Rename" isOff={count !== 1} onClick={renameChosen} />
      <Tool icon="details" text="Details" isOff={count !== 1} onClick={showSelected} />
      <Tool icon="remove" text="Delete" isOff={count === 0} onClick={() => void removeSelected()} />
      <Tool icon="reload" text="Reload" onClick={() => void reload()} />
      <input
        type="search"
        class="filter"
        placeholder="Filter"
        aria-label="Filter by name"
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
