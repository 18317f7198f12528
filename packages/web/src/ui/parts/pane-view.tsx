import { numberText, sizeText } from "../quantities.ts";
import type { Pane } from "../state/pane.ts";
import { active, panes } from "../state/panes.ts";
import { showsHidden } from "../state/preferences.ts";
import { texts } from "../texts/language.ts";
import { Breadcrumb } from "./breadcrumb.tsx";
import { FileList } from "./file-list.tsx";
import { Icon } from "./icon.tsx";
import { dropEvents } from "./list-events.ts";
import { PaneHead } from "./pane-head.tsx";
import { ProblemNote } from "./problem-note.tsx";
import { Toolbar } from "./toolbar.tsx";

/** A directory of a server, with what can be done there. */
export function PaneView({ pane }: { readonly pane: Pane }) {
  const isActive = active.value === pane && panes.value.length > 1;
  const { listProblem, changeProblem } = pane;
  const at = panes.value.indexOf(pane);
  return (
    <section
      class={`pane${isActive ? " pane-active" : ""}`}
      aria-label={panes.value.length > 1 ? texts.value.panes.name(at + 1) : texts.value.files.files}
      data-drop={texts.value.files.dropHere}
      onPointerDown={() => (active.value = pane)}
      {...dropEvents(pane, () => pane.path.value)}
    >
      {panes.value.length > 1 && <PaneHead pane={pane} />}
      <Breadcrumb pane={pane} />
      <Toolbar pane={pane} />
      {listProblem.value && <ProblemNote problem={listProblem.value} onClose={() => void pane.reload()} />}
      {changeProblem.value && (
        <ProblemNote problem={changeProblem.value} onClose={() => (changeProblem.value = undefined)} />
      )}
      <div class="list">
        <FileList pane={pane} />
        <Emptiness pane={pane} />
      </div>
      <footer class="status">
        <span>{summary(pane)}</span>
        {pane.hiddenCount.value > 0 && (
          <button type="button" class="quiet" onClick={() => (showsHidden.value = true)}>
            {texts.value.files.hiddenCount(pane.hiddenCount.value)}
          </button>
        )}
      </footer>
    </section>
  );
}

function Emptiness({ pane }: { readonly pane: Pane }) {
  const t = texts.value.files;
  if (pane.shown.value.length > 0 || pane.listProblem.value !== undefined) return null;
  if (pane.isLoading.value) return <p class="empty">{t.reading}</p>;
  const isFiltered = pane.filter.value !== "";
  return (
    <p class="empty">
      <Icon name={isFiltered ? "search" : "upload"} />
      {isFiltered ? t.noMatch(pane.filter.value) : t.empty}
    </p>
  );
}

function summary(pane: Pane): string {
  const t = texts.value.files;
  const rows = pane.shown.value;
  const chosen = pane.chosen.value;
  if (chosen.length === 0) return pane.isLoading.value ? t.entriesReading(rows.length) : t.entries(rows.length);
  const sizes = chosen.flatMap(({ type, size }) => (type === "directory" || size === undefined ? [] : [size]));
  const selected = t.selected(numberText(chosen.length), numberText(rows.length));
  if (sizes.length === 0) return selected;
  return `${selected}, ${sizeText(sizes.reduce((sum, size) => sum + size, 0))}`;
}
