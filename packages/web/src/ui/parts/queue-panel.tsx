import { baseName } from "../paths.ts";
import { durationText, rateText, sizeText, visible } from "../quantities.ts";
import { walkCount } from "../state/dropped.ts";
import { cancel, clearFinished, pause, resume, type Transfer, transfers } from "../state/queue.ts";
import { Icon } from "./icon.tsx";

/** What is on its way, and what became of it. */
export function QueuePanel() {
  const rows = transfers.value;
  if (rows.length === 0 && walkCount.value === undefined) return null;
  const running = rows.filter(({ state }) => state === "running" || state === "queued").length;
  const failed = rows.filter(({ state }) => state === "failed").length;
  const title = [running > 0 ? `${running} under way` : "Transfers", failed > 0 ? `${failed} failed` : ""];
  return (
    <section class="queue" aria-label="Transfers">
      <header>
        <h2>{title.filter((text) => text !== "").join(" · ")}</h2>
        {walkCount.value !== undefined && <span role="status">{walkCount.value} files found…</span>}
        <button type="button" class="quiet" onClick={clearFinished}>
          Clear finished
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
  const name = visible(baseName(path));
  return (
    <li class={`transfer transfer-${state}`} data-state={state}>
      <Icon name={direction} />
      <span class="transfer-name" title={visible(path)}>
        {name}
      </span>
      <progress
        aria-label={`${direction} of ${name}`}
        max={Math.max(1, total ?? 1)}
        value={state === "done" ? Math.max(1, total ?? 1) : Math.min(bytes, total ?? bytes)}
      />
      <span class="transfer-state">{stateText(transfer)}</span>
      <span class="transfer-actions">
        {direction === "upload" && (state === "running" || state === "queued") && (
          <Action icon="pause" label={`Pause ${name}`} onClick={() => pause(id)} />
        )}
        {direction === "upload" && (state === "paused" || state === "failed") && (
          <Action icon="play" label={`Resume ${name}`} onClick={() => resume(id)} />
        )}
        {direction === "upload" && state !== "done" && state !== "cancelled" && state !== "skipped" && (
          <Action icon="close" label={`Cancel ${name}`} onClick={() => void cancel(id)} />
        )}
      </span>
      {problem && (
        <p class="transfer-problem">
          {visible(problem.message)} {problem.reply && `(${problem.reply.code} ${visible(problem.reply.text)})`}
        </p>
      )}
    </li>
  );
}

function Action({
  icon,
  label,
  onClick,
}: {
  readonly icon: "pause" | "play" | "close";
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
  const size = total === undefined ? sizeText(bytes) : `${sizeText(bytes)} of ${sizeText(total)}`;
  if (state === "done") return note === undefined ? `done, ${sizeText(total ?? bytes)}` : `done, ${note}`;
  if (state !== "running") return note === undefined ? state : `${state}: ${note}`;
  const left = total === undefined || rate === 0 ? "" : ` · ${durationText((total - bytes) / rate)} left`;
  return rate === 0 ? size : `${size} · ${rateText(rate)}${left}`;
}
