import type { ExplainEvent, TlsMode } from "@sallyport/inspector/model";

/** Events of both modes that stand beside each other: those of one moment. */
export interface Moment {
  readonly atMs: number;
  readonly of: Readonly<Record<TlsMode, readonly ExplainEvent[]>>;
}

/** What happens within less than this is one moment, as on the terminal. */
const momentMs = 0.8;

/** Adds an event to the last moment, or begins the next one. */
export function withEvent(moments: readonly Moment[], event: ExplainEvent): readonly Moment[] {
  const last = moments.at(-1);
  if (last === undefined || event.atMs - last.atMs >= momentMs) {
    const none = { explicit: [], implicit: [] };
    return [...moments, { atMs: event.atMs, of: { ...none, [event.mode]: [event] } }];
  }
  const of = { ...last.of, [event.mode]: [...last.of[event.mode], event] };
  return [...moments.slice(0, -1), { ...last, of }];
}
