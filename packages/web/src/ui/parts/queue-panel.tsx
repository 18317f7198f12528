import { useRef } from "preact/hooks";
import { baseName } from "../paths.ts";
import { durationText, rateText, sizeText, visible } from "../quantities.ts";
import { walkCount } from "../state/dropped.ts";
import {
  cancel,
  canPause,
  canResume,
  clearFinished,
  findAgain,
  move,
  pace,
  pause,
  pauseAll,
  resume,
  resumeAll,
} from "../state/queue.ts";
import { type Transfer, transfers } from "../state/transfers.ts";
import { problemText } from "./problem-note.tsx";
import { Icon } from "./icon.tsx";
import { texts } from "../texts/language.ts";

/** What is on its way, and what became of it. */
export function QueuePanel() {
  const t = texts.value.queue;
  const rows = transfers.value;
  if (rows.length === 0 && walkCount.value === undefined) return null;
  const running = rows.filter(({ state }) => state === "running" || state === "queued").length;
  const failed = rows.filter(({ state }) => state === "failed").length;
  const title = [running > 0 ? t.underWay(running) : t.transfers, failed > 0 ? t.failed(failed) : ""];
  return (
    <section class="queue" aria-label={t.transfers}>
      <header>
        <h2>{title.filter((text) => text !== "").join(" · ")}</h2>
        {walkCount.value !== undefined && <span role="status">{t.found(walkCount.value)}</span>}
        {pace.value && (
          <span class="queue-pace">
            {rateText(pace.value.rate)} · {t.left(durationText(pace.value.seconds))}
          </span>
        )}
        <span class="spring" />
        {canPause.value && (
          <button type="button" class="quiet" onClick={pauseAll}>
            <Icon name="pause" /> {t.pauseAll}
          </button>
        )}
        {canResume.value && (
          <button type="button" class="quiet" onClick={resumeAll}>
            <Icon name="play" /> {t.resumeAll}
          </button>
        )}
        <button type="button" class="quiet" onClick={clearFinished}>
          {t.clear}
        </button>
      </header>
      <ul>
        {rows.map((transfer) => (
          <Row key={transfer.id} transfer={transfer} />
        ))}
      </ul>
    </section>
  );
}

function Row({ transfer }: { readonly transfer: Transfer }) {
  const { id, direction, path, state, bytes, total, problem } = transfer;
  const t = texts.value.queue;
  const name = visible(baseName(path));
  return (
    <li class={`transfer transfer-${state}`} data-state={state}>
      <Icon name={direction} />
      <span class="transfer-name" title={visible(path)}>
        {name}
      </span>
      <progress
        aria-label={t[direction](name)}
        max={Math.max(1, total ?? 1)}
        value={state === "done" ? Math.max(1, total ?? 1) : Math.min(bytes, total ?? bytes)}
      />
      <span class="transfer-state">{stateText(transfer)}</span>
      <span class="transfer-actions">
        {direction === "upload" && (state === "running" || state === "queued") && (
          <Action icon="pause" label={t.pause(name)} onClick={() => pause(id)} />
        )}
        {direction === "upload" && state === "queued" && (
          <>
            <Action icon="up" label={t.moveUp(name)} onClick={() => move(id, -1)} />
            <Action icon="down" label={t.moveDown(name)} onClick={() => move(id, 1)} />
          </>
        )}
        {transfer.missing && <FileChooser />}
        {direction === "upload" && !transfer.missing && (state === "paused" || state === "failed") && (
          <Action icon="play" label={t.resume(name)} onClick={() => resume(id)} />
        )}
        {isCancellable(transfer) && <Action icon="close" label={t.cancel(name)} onClick={() => void cancel(id)} />}
      </span>
      {problem && (
        <p class="transfer-problem">
          {problemText(problem)} {problem.reply && `(${problem.reply.code} ${visible(problem.reply.text)})`}
        </p>
      )}
    </li>
  );
}

/** For files that an earlier page had: which of them it is shows by itself. */
function FileChooser() {
  const input = useRef<HTMLInputElement>(null);
  const { chooseFile } = texts.value.queue;
  return (
    <>
      <button type="button" class="quiet" onClick={() => input.current?.click()}>
        {chooseFile}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="again"
        onChange={({ currentTarget }) => {
          for (const file of currentTarget.files ?? []) findAgain(file);
          currentTarget.value = "";
        }}
      />
    </>
  );
}

/** The browser cancels its own downloads. */
function isCancellable({ direction, state }: Transfer): boolean {
  if (direction === "copy") return state === "running";
  return direction === "upload" && state !== "done" && state !== "cancelled" && state !== "skipped";
}

function Action({
  icon,
  label,
  onClick,
}: {
  readonly icon: "pause" | "play" | "close" | "up" | "down";
  readonly label: string;
  readonly onClick: () => void;
}) {
  return (
    <button type="button" class="quiet" aria-label={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function stateText({ state, bytes, total, rate, note }: Transfer): string {
  const t = texts.value.queue;
  const size = total === undefined ? sizeText(bytes) : t.of(sizeText(bytes), sizeText(total));
  // Of a folder nothing is counted but what it holds.
  const isCounted = bytes > 0 || total !== undefined;
  if (state === "done") {
    return [t.states.done, note?.() ?? (isCounted ? sizeText(total ?? bytes) : "")].filter(Boolean).join(", ");
  }
  if (state !== "running") return note === undefined ? t.states[state] : `${t.states[state]}: ${note()}`;
  const left = total === undefined || rate === 0 ? "" : ` · ${t.left(durationText((total - bytes) / rate))}`;
  return rate === 0 ? size : `${size} · ${rateText(rate)}${left}`;
}
