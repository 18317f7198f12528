import { signal } from "@preact/signals";
import type { LoginEvent, LoginJson } from "../../api/api.ts";
import { logins, Server } from "../gateway-client.ts";

/** Whether the gateway cannot be reached just now: it is gone, or this machine is offline. */
export const isAway = signal(false);

/** Who hears of a login. */
export interface Watcher {
  readonly onOpen: () => void;
  readonly onEvent: (event: LoginEvent) => void;
  /** The gateway answers, and does not know the login. */
  readonly onUnknown: () => void;
}

interface Watched {
  readonly login: LoginJson;
  readonly watcher: Watcher;
  events: EventSource;
  again: ReturnType<typeof setTimeout> | undefined;
}

const watched = new Map<string, Watched>();
const listeners = new Set<() => void>();

/** Calls `listener` each time that the gateway is back. */
export function onReturn(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Listens to what happens behind a login, however often the way there breaks. */
export function watch(login: LoginJson, watcher: Watcher): void {
  unwatch(login.id);
  const entry: Watched = { login, watcher, events: eventsOf(login), again: undefined };
  watched.set(login.id, entry);
  listen(entry);
}

export function unwatch(id: string): void {
  const entry = watched.get(id);
  entry?.events.close();
  clearTimeout(entry?.again);
  watched.delete(id);
  if (watched.size === 0) isAway.value = false;
}

export function unwatchAll(): void {
  for (const id of watched.keys()) unwatch(id);
}

function eventsOf({ id }: LoginJson): EventSource {
  return new EventSource(new Server(id).eventsUrl);
}

function listen(entry: Watched): void {
  const { events, watcher } = entry;
  events.addEventListener("open", () => {
    watcher.onOpen();
    if (!isAway.value) return;
    isAway.value = false;
    for (const listener of listeners) listener();
  });
  events.addEventListener("message", ({ data }) => watcher.onEvent(JSON.parse(String(data)) as LoginEvent));
  events.addEventListener("error", () => {
    // One that is refused is given up by the browser: whether for good, the gateway's list says.
    if (events.readyState === EventSource.CLOSED) void inquire(entry);
    else isAway.value = true;
  });
}

async function inquire(entry: Watched): Promise<void> {
  const { login, watcher } = entry;
  const known = await logins().catch(() => undefined);
  if (watched.get(login.id) !== entry) return;
  if (known !== undefined && !known.some(({ id }) => id === login.id)) return watcher.onUnknown();
  if (known === undefined) isAway.value = true;
  entry.again = setTimeout(() => listenAnew(entry), againMs);
}

function listenAnew(entry: Watched): void {
  if (watched.get(entry.login.id) !== entry) return;
  clearTimeout(entry.again);
  entry.events.close();
  entry.events = eventsOf(entry.login);
  listen(entry);
}

function listenAnewToAll(): void {
  for (const entry of watched.values()) listenAnew(entry);
}

const againMs = 2_000;
const lookMs = 10_000;
/** Timers of a page in the background run once a minute. */
const asleepMs = 130_000;

addEventListener("offline", () => {
  if (watched.size > 0) isAway.value = true;
});
addEventListener("online", listenAnewToAll);
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) listenAnewToAll();
});

// Behind a lid that was closed, connections are dead and do not say so.
let awakeAtMs = Date.now();
setInterval(() => {
  const nowMs = Date.now();
  if (nowMs - awakeAtMs > asleepMs) {
    if (watched.size > 0) isAway.value = true;
    listenAnewToAll();
  }
  awakeAtMs = nowMs;
}, lookMs);
