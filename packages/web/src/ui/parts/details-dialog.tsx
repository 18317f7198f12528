import type { TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";
import type { EntryJson, HashJson, ProblemJson } from "../../api/api.ts";
import { problemOf } from "../gateway-client.ts";
import { modeText, numberText, sizeText, timeText, visible } from "../quantities.ts";
import { changeMode } from "../state/changes.ts";
import type { Pane } from "../state/pane.ts";
import { Modal } from "./modal.tsx";
import { ProblemNote } from "./problem-note.tsx";
import { texts } from "../texts/language.ts";

interface DetailsProperties {
  readonly pane: Pane;
  readonly entry: EntryJson;
  readonly onClose: () => void;
}

/** What the server tells of an entry; its permissions can be changed, and a file's checksum asked for. */
export function DetailsDialog({ pane, entry, onClose }: DetailsProperties) {
  const path = pane.pathOf(entry.name);
  const { name, type, size, modified, mode, owner, group, target } = entry;
  const t = texts.value.details;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [texts.value.files.path, path],
    [t.kind, t.kinds[type]],
    [
      texts.value.common.size,
      size === undefined ? undefined : size < 1024 ? sizeText(size) : `${sizeText(size)} (${numberText(size)} B)`,
    ],
    [texts.value.common.modified, timeText(modified)],
    [t.owner, [owner, group].filter((each) => each !== undefined).join(", ")],
    [t.target, target],
  ];
  return (
    <Modal title={visible(name)} onClose={onClose}>
      <dl class="facts">
        {rows
          .filter(([, value]) => value !== undefined && value !== "")
          .map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{visible(value ?? "")}</dd>
            </div>
          ))}
      </dl>
      <ModeForm pane={pane} path={path} mode={mode} onDone={onClose} />
      {type === "file" && <Checksum pane={pane} path={path} />}
      <div class="actions">
        <button type="button" class="primary" onClick={onClose} autofocus>
          {texts.value.common.close}
        </button>
      </div>
    </Modal>
  );
}

function ModeForm({
  pane,
  path,
  mode,
  onDone,
}: {
  readonly pane: Pane;
  readonly path: string;
  readonly mode: number | undefined;
  readonly onDone: () => void;
}) {
  const [digits, setDigits] = useState(mode === undefined ? "" : (mode & 0o777).toString(8).padStart(3, "0"));
  const isMode = /^[0-7]{3,4}$/.test(digits);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onDone();
    void changeMode(pane, path, Number.parseInt(digits, 8));
  };
  return (
    <form class="inline" onSubmit={submit}>
      <label class="field">
        <span>{texts.value.details.permissions}</span>
        <input
          value={digits}
          pattern="[0-7]{3,4}"
          required
          size={6}
          autocomplete="off"
          onInput={({ currentTarget }) => setDigits(currentTarget.value)}
        />
      </label>
      <code>{isMode ? modeText(Number.parseInt(digits, 8)) : ""}</code>
      <button type="submit" disabled={!isMode}>
        {texts.value.details.change}
      </button>
    </form>
  );
}

function Checksum({ pane, path }: { readonly pane: Pane; readonly path: string }) {
  const [found, setFound] = useState<HashJson | ProblemJson | "asking" | undefined>();
  const ask = async (): Promise<void> => {
    const { server } = pane;
    if (server === undefined) return;
    setFound("asking");
    setFound(await server.hash(path).catch(problemOf));
  };
  if (found === undefined || found === "asking") {
    return (
      <p>
        <button type="button" disabled={found === "asking"} onClick={() => void ask()}>
          {found === "asking" ? texts.value.details.checksumAsked : texts.value.details.checksum}
        </button>
      </p>
    );
  }
  if ("code" in found) return <ProblemNote problem={found} />;
  return (
    <p class="digest" role="status">
      {found.algorithm} <code>{found.digest}</code>
    </p>
  );
}
