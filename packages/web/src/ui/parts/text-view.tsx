import { useEffect, useRef, useState } from "preact/hooks";
import type { ProblemJson } from "../../api/api.ts";
import { problemOf } from "../gateway-client.ts";
import { childPath, parentPath } from "../paths.ts";
import { sizeText, visible } from "../quantities.ts";
import { askChoice, askName, confirm, question } from "../state/dialogs.ts";
import { type Document, documentBytes, fateOf, readDocument, saveDocument } from "../state/document.ts";
import { isOver } from "../state/login.ts";
import { reloadWhere } from "../state/panes.ts";
import { download } from "../state/saving.ts";
import { type Viewed, viewed } from "../state/viewer.ts";
import { texts } from "../texts/language.ts";
import type { Editor } from "./editor.ts";
import { later } from "./later.tsx";
import { Modal } from "./modal.tsx";
import { ProblemNote } from "./problem-note.tsx";

const Markdown = later(async () => (await import("./markdown.tsx")).Markdown);

/** Shows a text and takes changes to it; Markdown is shown as it is meant first. */
export function TextView({ file }: { readonly file: Viewed }) {
  const t = texts.value.viewer;
  const { read, revision, problem, setProblem, isDirty, setDirty, isSaving, savedAs, editor, save } = useDocument(file);
  const [isSource, setSource] = useState(file.kind !== "markdown");
  const close = async (): Promise<void> => {
    const asked = { title: t.unsaved(visible(file.entry.name)), text: t.unsavedText, action: t.discard };
    if (isDirty && !(await confirm(asked))) return;
    viewed.value = undefined;
  };
  const isReadOnly = read?.isReadOnlyFor !== undefined;
  useEffect(() => {
    // Wherever the focus is, the browser's own way of saving would save the page.
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      if (question.value === undefined) save();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <Modal title={`${visible(file.entry.name)}${isDirty ? " •" : ""}`} tone="wide" onClose={() => void close()}>
      {problem && <ProblemNote problem={problem} onClose={() => setProblem(undefined)} />}
      {read?.isReadOnlyFor && <p class="note">{reasonText(read.isReadOnlyFor)}</p>}
      <div class="view view-text">
        {read === undefined && problem === undefined && <p class="view-note">{texts.value.page.opening}</p>}
        {read !== undefined && !isSource && <Markdown text={read.text} />}
        {read !== undefined && isSource && read.isReadOnlyFor !== "binary" && (
          <EditorPlace
            key={revision}
            name={file.entry.name}
            text={read.text}
            isReadOnly={isReadOnly}
            editor={editor}
            onChange={() => setDirty(true)}
          />
        )}
      </div>
      <div class="actions">
        <span class="view-state" role="status">
          {savedAs !== undefined && !isDirty && t.saved(visible(savedAs))}
        </span>
        {!isSource && (
          <button type="button" onClick={() => setSource(true)}>
            {t.source}
          </button>
        )}
        <button type="button" onClick={() => void download(file.pane, file.entry.name)}>
          {texts.value.files.download}
        </button>
        <button type="button" onClick={() => void close()}>
          {texts.value.common.close}
        </button>
        {isSource && !isReadOnly && (
          <button type="button" class="primary" disabled={!isDirty || isSaving} onClick={save}>
            {isSaving ? t.saving : t.save}
          </button>
        )}
      </div>
    </Modal>
  );
}

/** A text on its way from the server and back. */
function useDocument(file: Viewed) {
  const [read, setRead] = useState<Document>();
  /** Another one for each time that the text came from the server; what was saved from here is in the editor. */
  const [revision, setRevision] = useState(0);
  const [problem, setProblem] = useState<ProblemJson>();
  const [isDirty, setDirty] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const [savedAs, setSavedAs] = useState<string>();
  const editor = useRef<Editor>(null);
  // The editor's key calls what was current when it was opened.
  const current = useRef({ read, isSaving, file });
  current.current = { read, isSaving, file };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setProblem(undefined);
    await work().catch((error: unknown) => {
      if (!isOver(error, current.current.file.login)) setProblem(problemOf(error));
    });
  };
  const load = (): Promise<void> =>
    attempt(async () => {
      setRead(await readDocument(current.current.file));
      setRevision((number) => number + 1);
      setDirty(false);
    });
  useEffect(() => void load(), [file.path]);
  const save = (): void => {
    const { read: before, isSaving: isBusy, file: where } = current.current;
    const text = editor.current?.text;
    if (before === undefined || text === undefined || isBusy || before.isReadOnlyFor !== undefined) return;
    setSaving(true);
    void attempt(async () => {
      const place = await placeFor(where, before, load);
      if (place === undefined) return;
      const saved = await saveDocument(where, place, text);
      setSavedAs(place);
      reloadWhere(where.login.id, parentPath(place));
      if (place !== where.path) return;
      setRead(saved);
      setDirty(editor.current?.text !== text);
    }).finally(() => setSaving(false));
  };
  return { read, revision, problem, setProblem, isDirty, setDirty, isSaving, savedAs, editor, save };
}

/** Where to save: where it was, unless somebody else changed it there meanwhile and a person decides otherwise. */
async function placeFor(file: Viewed, read: Document, load: () => Promise<void>): Promise<string | undefined> {
  const t = texts.value.viewer;
  const fate = await fateOf(file, read);
  if (fate === "unchanged") return file.path;
  const name = visible(file.entry.name);
  const choice = await (fate === "deleted"
    ? askChoice({
        title: t.deleted(name),
        text: t.deletedText,
        choices: [
          ["overwrite", t.saveAnyway],
          ["saveAs", t.saveAs],
        ],
      })
    : askChoice({
        title: t.changed(name),
        text: t.changedText,
        choices: [
          ["overwrite", t.overwrite],
          ["reload", t.reload],
          ["saveAs", t.saveAs],
        ],
      }));
  if (choice === "overwrite") return file.path;
  if (choice === "reload") await load();
  if (choice !== "saveAs") return undefined;
  return askPlaceBeside(file);
}

/** Asks for another name in the same folder. */
async function askPlaceBeside(file: Viewed): Promise<string | undefined> {
  const t = texts.value.viewer;
  const asked = { title: t.saveAs, label: texts.value.common.name, initial: file.entry.name, action: t.save };
  const name = await askName(asked);
  if (name === undefined) return undefined;
  const isTaken = file.pane.path.value === parentPath(file.path) && file.pane.find(name) !== undefined;
  const { taken, takenText } = texts.value.files;
  if (isTaken && !(await confirm({ title: taken(name), text: takenText, action: texts.value.conflict.overwrite })))
    return undefined;
  return childPath(parentPath(file.path), name);
}

function reasonText(reason: NonNullable<Document["isReadOnlyFor"]>): string {
  const t = texts.value.viewer;
  if (reason === "cut") return t.cut(sizeText(documentBytes));
  return reason === "binary" ? t.binary : t.encoding;
}

interface EditorPlaceProperties {
  readonly name: string;
  readonly text: string;
  readonly isReadOnly: boolean;
  readonly editor: { current: Editor | null };
  readonly onChange: () => void;
}

/** The editor, once its code is here, with the text that it is opened with. */
function EditorPlace({ name, text, isReadOnly, editor, onChange }: EditorPlaceProperties) {
  const place = useRef<HTMLDivElement>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isGone = false;
    let opened: Editor | undefined;
    import("./editor.ts").then(
      ({ openEditor }) => {
        if (isGone || place.current === null) return;
        const options = { name, text, isReadOnly, onChange };
        opened = openEditor(place.current, { ...options, label: texts.value.viewer.textOf(visible(name)) });
        editor.current = opened;
        opened.focus();
      },
      () => setFailed(true),
    );
    return () => {
      isGone = true;
      opened?.[Symbol.dispose]();
      // The next one may be open already.
      if (editor.current === opened) editor.current = null;
    };
  }, []);
  if (hasFailed) return <pre tabIndex={0}>{text}</pre>;
  return <div ref={place} class="editor" />;
}
