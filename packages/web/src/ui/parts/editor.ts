import { HighlightStyle, LanguageDescription, syntaxHighlighting } from "@codemirror/language";
import { languages } from "@codemirror/language-data";
import { Compartment, EditorState } from "@codemirror/state";
import { tags } from "@lezer/highlight";
import { basicSetup, EditorView } from "codemirror";

export interface EditorOptions {
  readonly text: string;
  /** The file's name, which tells its language. */
  readonly name: string;
  readonly label: string;
  readonly isReadOnly: boolean;
  readonly onChange: () => void;
}

export interface Editor extends Disposable {
  /** What is in it, with the ends of lines that the file has. */
  readonly text: string;
  focus(): void;
}

/**
 * Opens an editor. It stands in a shadow tree: its styles are made by script, which the page's policy permits there and
 * nowhere else.
 */
export function openEditor(place: HTMLElement, options: EditorOptions): Editor {
  const { text, name, label, isReadOnly, onChange } = options;
  const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
  const language = new Compartment();
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        basicSetup,
        language.of([]),
        look,
        syntaxHighlighting(colours),
        EditorView.lineWrapping,
        EditorState.readOnly.of(isReadOnly),
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of(({ docChanged }) => docChanged && onChange()),
        ...(text.includes("\r\n") ? [EditorState.lineSeparator.of("\r\n")] : []),
      ],
    }),
  });
  const found = LanguageDescription.matchFilename(languages, name);
  void found?.load().then(
    (support) => view.dispatch({ effects: language.reconfigure(support) }),
    // Without it the text is as good, only plainer.
    () => {},
  );
  return {
    get text() {
      return view.state.sliceDoc();
    },
    focus: () => view.focus(),
    [Symbol.dispose]: () => view.destroy(),
  };
}

/** Each can be read on both grounds. */
const colours = HighlightStyle.define([
  { tag: [tags.comment, tags.meta], color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "light-dark(#7c2d92, #d6a5ec)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "light-dark(#8a4b00, #fbbf24)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "light-dark(#b42318, #ff9b8f)" },
  {
    tag: [tags.definition(tags.name), tags.function(tags.name), tags.className],
    color: "light-dark(#0b5d99, #7cc4ff)",
  },
  { tag: [tags.typeName, tags.tagName, tags.propertyName, tags.attributeName], color: "var(--accent)" },
  { tag: [tags.heading, tags.strong], fontWeight: "600" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: [tags.link, tags.url], textDecoration: "underline" },
]);

/** The page's colours reach in here. */
const look = EditorView.theme({
  "&": { height: "100%", width: "100%", backgroundColor: "var(--surface)", color: "var(--text)", fontSize: "13px" },
  ".cm-scroller": { fontFamily: "ui-monospace, monospace" },
  ".cm-content": { caretColor: "var(--accent)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)" },
  ".cm-gutters": { backgroundColor: "var(--ground)", color: "var(--muted)", borderRightColor: "var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": {
    backgroundColor: "color-mix(in srgb, var(--accent-soft) 40%, transparent)",
  },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-soft) !important" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
});
