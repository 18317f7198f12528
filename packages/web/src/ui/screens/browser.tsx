import type { TargetedDragEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LoginJson } from "../../api/api.ts";
import { Breadcrumb } from "../parts/breadcrumb.tsx";
import { FileGrid } from "../parts/file-grid.tsx";
import { Icon, Mark } from "../parts/icon.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { QueuePanel } from "../parts/queue-panel.tsx";
import { ThemeButton } from "../parts/theme-button.tsx";
import { TlsBadge } from "../parts/tls-badge.tsx";
import { Toolbar } from "../parts/toolbar.tsx";
import { TranscriptPane } from "../parts/transcript-pane.tsx";
import {
  announcement,
  changeProblem,
  filter,
  isLoading,
  listProblem,
  path,
  reload,
  selected,
  shown,
  start,
} from "../state/directory.ts";
import { takeDrop } from "../state/dropped.ts";
import { signOut } from "../state/login.ts";
import { resumeFor } from "../state/queue.ts";
import { sizeText } from "../quantities.ts";
import { texts } from "../texts/language.ts";

/** The files of a server. */
export function BrowserScreen({ login }: { readonly login: LoginJson }) {
  const [hasTranscript, setTranscript] = useState(false);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    void start(login);
    resumeFor(login);
  }, [login.id]);
  const drop = (event: TargetedDragEvent<HTMLElement>): void => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer !== null) void takeDrop(event.dataTransfer.items, path.value);
  };
  const over = (event: TargetedDragEvent<HTMLElement>): void => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <div class={`browser${hasTranscript ? " with-transcript" : ""}`}>
      <header class="top">
        <Mark />
        <h1>
          {login.user}@{login.host}
          <span class="port">:{login.port}</span>
        </h1>
        <TlsBadge login={login} />
        <span class="spring" />
        <button
          type="button"
          class="quiet"
          aria-pressed={hasTranscript}
          onClick={() => setTranscript(!hasTranscript)}
          title={texts.value.transcript.about}
        >
          <Icon name="lines" /> <span class="tool-text">{texts.value.transcript.title}</span>
        </button>
        <ThemeButton />
        <button type="button" class="quiet" onClick={() => void signOut()} title={texts.value.files.signOut}>
          <Icon name="leave" /> <span class="tool-text">{texts.value.files.signOut}</span>
        </button>
      </header>
      <main
        onDragOver={over}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        class={isOver ? "dropping" : ""}
        data-drop={texts.value.files.dropHere}
      >
        <Breadcrumb />
        <Toolbar />
        {listProblem.value && <ProblemNote problem={listProblem.value} onClose={() => void reload()} />}
        {changeProblem.value && (
          <ProblemNote problem={changeProblem.value} onClose={() => (changeProblem.value = undefined)} />
        )}
        <FileGrid />
        <Emptiness />
        <footer class="status">
          <span>{summary()}</span>
        </footer>
      </main>
      {hasTranscript && <TranscriptPane />}
      <QueuePanel />
      <p class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </p>
    </div>
  );
}

function Emptiness() {
  if (shown.value.length > 0 || listProblem.value !== undefined) return null;
  if (isLoading.value) return <p class="empty">{texts.value.files.reading}</p>;
  if (filter.value !== "") return <p class="empty">{texts.value.files.noMatch(filter.value)}</p>;
  return <p class="empty">{texts.value.files.empty}</p>;
}

function summary(): string {
  const t = texts.value.files;
  const rows = shown.value;
  const chosen = rows.filter(({ name }) => selected.value.has(name));
  if (chosen.length === 0) return isLoading.value ? t.entriesReading(rows.length) : t.entries(rows.length);
  const bytes = chosen.reduce((sum, { size }) => sum + (size ?? 0), 0);
  return t.selected(chosen.length, rows.length, sizeText(bytes));
}
