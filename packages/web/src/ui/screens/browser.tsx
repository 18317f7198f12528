import { useEffect, useState } from "preact/hooks";
import type { LoginJson } from "../../api/api.ts";
import { ContextMenu } from "../parts/context-menu.tsx";
import { Icon, Mark } from "../parts/icon.tsx";
import { LanguageChoice } from "../parts/language-choice.tsx";
import { later } from "../parts/later.tsx";
import { PaneView } from "../parts/pane-view.tsx";
import { QueuePanel } from "../parts/queue-panel.tsx";
import { ThemeButton } from "../parts/theme-button.tsx";
import { TlsBadge } from "../parts/tls-badge.tsx";
import { TranscriptPane } from "../parts/transcript-pane.tsx";
import { actionOfKeyAnywhere } from "../state/actions.ts";
import { areLoginsShown, connectsBeside, isHelpShown, menu, searchedIn } from "../state/layers.ts";
import { cameAfter, lostBecause, signOut } from "../state/login.ts";
import { announcement } from "../state/pane.ts";
import { active, panes, startPanes } from "../state/panes.ts";
import { resumeFor } from "../state/queue.ts";
import { viewed } from "../state/viewer.ts";
import { isAway } from "../state/watching.ts";
import { texts } from "../texts/language.ts";

const Viewer = later(async () => (await import("../parts/viewer.tsx")).Viewer);
const SearchDialog = later(async () => (await import("../parts/search-dialog.tsx")).SearchDialog);
const HelpDialog = later(async () => (await import("../parts/help-dialog.tsx")).HelpDialog);
const ReturnDialog = later(async () => (await import("../parts/return-dialog.tsx")).ReturnDialog);
const LoginsDialog = later(async () => (await import("../parts/logins-dialog.tsx")).LoginsDialog);
const ConnectDialog = later(async () => (await import("../parts/connect-dialog.tsx")).ConnectDialog);

/** The files of a server, or of two. */
export function BrowserScreen({ login }: { readonly login: LoginJson }) {
  const [hasTranscript, setTranscript] = useState(false);
  const t = texts.value;
  useLogin(login);
  useKeys();
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
          title={t.transcript.about}
          aria-label={t.transcript.about}
        >
          <Icon name="lines" /> <span class="tool-text">{t.transcript.title}</span>
        </button>
        <LoginsButton />
        <LanguageChoice />
        <ThemeButton />
        <button
          type="button"
          class="quiet"
          onClick={() => void signOut()}
          title={t.files.signOut}
          aria-label={t.files.signOut}
        >
          <Icon name="leave" /> <span class="tool-text">{t.files.signOut}</span>
        </button>
      </header>
      {isAway.value && (
        <p class="away" role="status">
          {t.page.away}
        </p>
      )}
      <main class={panes.value.length > 1 ? "two-panes" : ""}>
        {panes.value.map((pane) => (
          <PaneView key={pane.id} pane={pane} />
        ))}
        {menu.value && <ContextMenu {...menu.value} />}
      </main>
      {hasTranscript && <TranscriptPane />}
      <QueuePanel />
      {searchedIn.value && <SearchDialog pane={searchedIn.value} />}
      {isHelpShown.value && <HelpDialog />}
      {areLoginsShown.value && <LoginsDialog />}
      {connectsBeside.value && <ConnectDialog />}
      {viewed.value && <Viewer {...viewed.value} />}
      {lostBecause.value && <ReturnDialog login={login} because={lostBecause.value} />}
      <p class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </p>
    </div>
  );
}

function LoginsButton() {
  const { title } = texts.value.logins;
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => (areLoginsShown.value = true)}
      title={title}
      aria-label={title}
      aria-haspopup="dialog"
    >
      <Icon name="key" />
    </button>
  );
}

/** Shows the files of a login, and goes on with what was under way at its server. */
function useLogin(login: LoginJson): void {
  useEffect(() => {
    startPanes(login);
    resumeFor(login);
    // A text that is being changed is saved through the login of now.
    const { value: open } = viewed;
    if (open !== undefined && open.login.id === cameAfter.value) viewed.value = { ...open, login };
  }, [login.id]);
}

function useKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const action = actionOfKeyAnywhere(event, active.value);
      if (action === undefined) return;
      event.preventDefault();
      action.run(active.value);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
