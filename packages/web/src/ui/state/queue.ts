import { computed, effect } from "@preact/signals";
import type { EntryJson, LoginEvent, LoginJson, OnConflict, ProblemJson } from "../../api/api.ts";
import { discardUpload, Problem, problemOf } from "../gateway-client.ts";
import { parentPath } from "../paths.ts";
import { percentText } from "../quantities.ts";
import { askConflict, type ConflictChoice } from "./dialogs.ts";
import type { Carried, Place } from "./carried.ts";
import { isOver, openLogins, serverName, serverOf, watchTransfers } from "./login.ts";
import { reloadWhere } from "./panes.ts";
import { texts } from "../texts/language.ts";
import { keepUploads, type KeptUpload, takeLeftUploads } from "./kept-uploads.ts";
import { isBeginning, isBroken, isTooLongForProxy, readable, sendPiece } from "./sending.ts";
import { find, measure, newTransfer, type Transfer, transfers, type TransferState, update } from "./transfers.ts";
import { isAway, onReturn } from "./watching.ts";

const activeCount = computed(() => transfers.value.filter(({ state }) => isActive(state)).length);

function isActive(state: TransferState): boolean {
  return state === "queued" || state === "running";
}

interface UploadJob {
  file: File;
  readonly batch: Batch;
  /** Whether where it goes was settled, maybe by an earlier page. */
  isBegun: boolean;
  url: string | undefined;
  request: XMLHttpRequest | undefined;
  /** How often it broke off without having come further than `reached`. */
  attempts: number;
  reached: number;
}

/** Files that were put into the queue together, and what a person decided for all of them. */
interface Batch {
  readonly ids: Set<string>;
  choiceForAll: ConflictChoice | undefined;
}

/** Files of this browser; they live as long as the page. */
const jobs = new Map<string, UploadJob>();
const runningMax = 3;
const attemptsMax = 5;
/** What a request carries after a proxy found one too long. */
const smallPieceBytes = 1_000_000;
const idPrefix = `u${Date.now().toString(36)}-`;
let lastId = 0;
let bytesMost = Number.POSITIVE_INFINITY;

/** Puts files into the queue, each with where it goes. */
export function enqueueUploads(
  current: LoginJson,
  files: readonly { readonly file: File; readonly path: string }[],
): void {
  const batch: Batch = { ids: new Set(), choiceForAll: undefined };
  const added = files.flatMap(({ file, path }): Transfer[] => {
    if (findAgain(file)) return [];
    const id = `${idPrefix}${++lastId}`;
    batch.ids.add(id);
    jobs.set(id, { file, batch, isBegun: false, url: undefined, request: undefined, attempts: 0, reached: 0 });
    return [{ ...newTransfer(id, "upload", path), server: serverName(current), total: file.size }];
  });
  transfers.value = [...transfers.value, ...added];
  pump();
}

/** Goes on with an upload of an earlier page whose file this is. */
export function findAgain(file: File): boolean {
  const found = transfers.value.find(
    ({ missing }) =>
      missing?.name === file.name && missing.sizeBytes === file.size && missing.modifiedMs === file.lastModified,
  );
  if (found?.missing === undefined) return false;
  const { isBegun } = found.missing;
  const batch: Batch = { ids: new Set([found.id]), choiceForAll: undefined };
  jobs.set(found.id, { file, batch, isBegun, url: undefined, request: undefined, attempts: 0, reached: 0 });
  update(found.id, { missing: undefined });
  resume(found.id);
  return true;
}

/** Shows what earlier pages left unfinished, and remembers what this one does. */
async function showLeftUploads(): Promise<void> {
  effect(() => keepUploads(transfers.value.filter(isUnfinished).flatMap(keptOf)));
  await showLeft();
  // The page before this one may still have been there.
  setTimeout(() => void showLeft(), 2_000);
}

async function showLeft(): Promise<void> {
  const left = (await takeLeftUploads()).map((kept): Transfer => {
    const { id, path, server, sizeBytes, bytes } = kept;
    const facts = { server, total: sizeBytes, bytes, state: "paused", note: fileIsMissing, missing: kept } as const;
    return { ...newTransfer(id, "upload", path), ...facts };
  });
  if (left.length > 0) transfers.value = [...left, ...transfers.value];
}

let showingLeft: Promise<void> | undefined;

const fileIsMissing = (): string => texts.value.queue.chooseAgain;

function isUnfinished({ direction, state }: Transfer): boolean {
  return direction === "upload" && !over.has(state);
}

function keptOf({ id, server, path, bytes, missing }: Transfer): readonly KeptUpload[] {
  const job = jobs.get(id);
  if (job === undefined) return missing === undefined ? [] : [missing];
  const { file, isBegun } = job;
  const { name, size: sizeBytes, lastModified: modifiedMs } = file;
  return [{ id, server, path, name, sizeBytes, modifiedMs, bytes, isBegun }];
}

/** Whether anything could be paused, and anything gone on with. */
export const canPause = computed(() => transfers.value.some((each) => isUnfinished(each) && isActive(each.state)));
export const canResume = computed(() => transfers.value.some(isResumable));

function isResumable({ direction, state, missing }: Transfer): boolean {
  return direction === "upload" && missing === undefined && (state === "paused" || state === "failed");
}

export function pauseAll(): void {
  const running = transfers.value.filter((each) => isUnfinished(each) && isActive(each.state));
  // Those that wait first, or each that stops would let one of them go.
  for (const { id } of running.toReversed()) pause(id);
}

export function resumeAll(): void {
  for (const { id } of transfers.value.filter(isResumable)) resume(id);
}

/** Puts a transfer that waits before the one that waits before it, or behind the next. */
export function move(id: string, by: -1 | 1): void {
  const rows = [...transfers.value];
  const waiting = rows.flatMap(({ state }, at) => (state === "queued" ? [at] : []));
  const place = waiting.findIndex((at) => rows[at]?.id === id);
  const [from, to] = [waiting[place], waiting[place + by]];
  const [one, other] = [rows[from ?? -1], rows[to ?? -1]];
  if (from === undefined || to === undefined || one === undefined || other === undefined) return;
  rows[from] = other;
  rows[to] = one;
  transfers.value = rows;
}

/** Of all uploads together: octets in a second, and seconds until all is there; undefined while nothing moves. */
export const pace = computed(() => {
  const ours = transfers.value.filter((each) => isUnfinished(each) && isActive(each.state));
  const rate = ours.reduce((sum, each) => sum + each.rate, 0);
  const left = ours.reduce((sum, { total, bytes }) => sum + Math.max(0, (total ?? bytes) - bytes), 0);
  return rate === 0 ? undefined : { rate, seconds: left / rate };
});

export function pause(id: string): void {
  update(id, { state: "paused", rate: 0, note: undefined });
  jobs.get(id)?.request?.abort();
  pump();
}

/** Goes on with what was paused or failed, from where the server is. */
export function resume(id: string): void {
  const job = jobs.get(id);
  if (job !== undefined) job.attempts = 0;
  update(id, { state: "queued", problem: undefined, note: undefined });
  pump();
}

/** Gives a transfer up; the part on the server goes too. */
export async function cancel(id: string): Promise<void> {
  const job = jobs.get(id);
  update(id, { state: "cancelled", rate: 0 });
  const { direction, server } = find(id) ?? {};
  const login = openLogins().find((each) => serverName(each) === server);
  // Also one that was begun before a reload of the page.
  if (direction === "copy" && login !== undefined)
    await serverOf(login)
      .cancelCopy(id)
      .catch(() => {});
  job?.request?.abort();
  if (job?.url !== undefined) await discardUpload(job.url).catch(() => {});
  jobs.delete(id);
  pump();
}

const over: ReadonlySet<TransferState> = new Set(["done", "skipped", "cancelled"]);

export function clearFinished(): void {
  transfers.value = transfers.value.filter(({ state }) => !over.has(state));
}

/** Goes on with what waits for this login, for example after the gateway was started anew. */
export function resumeFor(current: LoginJson): void {
  showingLeft ??= showLeftUploads();
  for (const { id, direction, state, server, note } of transfers.value) {
    if (server !== serverName(current)) continue;
    if (state === "paused" && (note === waitsForLogin || note === waitsForGateway)) resume(id);
    // A request to a gateway that is gone may not know it.
    if (direction === "upload" && state === "running") jobs.get(id)?.request?.abort();
    // Whatever the gateway did for the login before ended with that login.
    if (direction !== "upload" && state === "running")
      update(id, { state: "failed", problem: endedWithLogin, rate: 0 });
  }
}

const endedWithLogin: ProblemJson = { code: "SALLYPORT_SIGNED_OUT", message: "It ended with the login before." };

onReturn(() => {
  for (const { id, state, note } of transfers.value) {
    if (state === "paused" && (note === waitsForGateway || note === tryingAgain)) resume(id);
  }
});

// A request whose wire was cut hears nothing of it for minutes; one whose wire is whole is done with `isAway` sooner.
effect(() => {
  if (!isAway.value) return;
  const cut = setTimeout(() => {
    for (const { request } of jobs.values()) request?.abort();
  }, silentMs);
  return () => clearTimeout(cut);
});

const silentMs = 5_000;
const waitsForGateway = (): string => texts.value.queue.waitsForGateway;
const tryingAgain = (): string => texts.value.queue.tryingAgain;

const waitsForLogin = (): string => texts.value.queue.waitsForLogin;

/** Where copies go, so that it is shown when they are there. */
const places = new Map<string, { readonly carried: Carried; readonly place: Place }>();

/** Has entries copied or moved by the gateway, which tells how far it is. */
export async function enqueueCopy(
  carried: Carried,
  place: Place,
  { isMove, onConflict }: { readonly isMove: boolean; readonly onConflict: Exclude<OnConflict, "ask"> },
): Promise<void> {
  const { login: from, directory, entries } = carried;
  const names = entries.map(({ name }) => name);
  try {
    const request = { directory, names, toLogin: place.login.id, toDirectory: place.directory, isMove, onConflict };
    const { id } = await serverOf(from).copy(request);
    places.set(id, { carried, place });
    settleCopy(id, find(id)?.state);
  } catch (error) {
    if (isOver(error, from)) return;
    noteFailure("copy", `${directory}/${names[0] ?? ""}`, from, error);
  }
}

/** Tells of a transfer that did not even begin. */
export function noteFailure(
  direction: Exclude<Transfer["direction"], "upload">,
  path: string,
  current: LoginJson,
  error: unknown,
): void {
  const failed = { state: "failed", problem: problemOf(error), server: serverName(current) } as const;
  const id = `${direction}${idPrefix}${++lastId}`;
  transfers.value = [...transfers.value, { ...newTransfer(id, direction, path), ...failed }];
}

/** Shows what a copy came to, where that is looked at. */
function settleCopy(id: string, state: TransferState | undefined): void {
  const known = places.get(id);
  if (known === undefined || state === undefined || isActive(state)) return;
  places.delete(id);
  reloadWhere(known.place.login.id, known.place.directory);
  reloadWhere(known.carried.login.id, known.carried.directory);
}

watchTransfers((event, of) => {
  if (event.direction !== "upload") noteTransfer(event, of);
  if (event.direction === "copy") settleCopy(event.id, event.state);
});

/** Downloads are the browser's, copies the gateway's; the gateway tells how far they are. */
function noteTransfer(event: Extract<LoginEvent, { kind: "transfer" }>, current: LoginJson): void {
  const { id, direction, path, bytes, total, state, problem } = event;
  // A stream that begins anew tells also of what ended long ago.
  if (state !== "running" && find(id) === undefined && !places.has(id)) return;
  if (!transfers.value.some((transfer) => transfer.id === id)) {
    transfers.value = [...transfers.value, { ...newTransfer(id, direction, path), server: serverName(current), total }];
  }
  measure(id, bytes);
  update(id, { bytes, state, problem, ...(state !== "running" && { rate: 0 }) });
}

function pump(): void {
  for (const current of openLogins()) pumpFor(current);
}

function pumpFor(current: LoginJson): void {
  const ours = transfers.value.filter(
    ({ direction, server }) => direction === "upload" && server === serverName(current),
  );
  const running = ours.filter(({ state }) => state === "running").length;
  for (const { id } of ours.filter(({ state }) => state === "queued").slice(0, runningMax - running)) {
    update(id, { state: "running" });
    void run(id, current);
  }
}

async function run(id: string, current: LoginJson): Promise<void> {
  const job = jobs.get(id);
  const transfer = find(id);
  if (job === undefined || transfer === undefined) return;
  try {
    await upload(id, job, transfer.path, current);
  } catch (error) {
    settleFailure(id, job, error, current);
  }
  pump();
}

async function upload(id: string, job: UploadJob, path: string, current: LoginJson): Promise<void> {
  const file = (job.file = await readable(job.file));
  const facts = { path, sizeBytes: file.size, modifiedMs: file.lastModified };
  const server = serverOf(current);
  const { batch } = job;
  const decided = batch.choiceForAll;
  const settled = job.isBegun ? "overwrite" : decided?.isResume === true ? "ask" : decided?.policy;
  let begun = await server.beginUpload({ ...facts, onConflict: settled ?? "ask" });
  if (begun.kind === "taken") {
    const choice = await askOnce(batch, { path, file, target: begun.target });
    if (find(id)?.state !== "running") return;
    if (choice === undefined) return update(id, { state: "skipped", note: () => texts.value.queue.exists });
    if (choice.forAll) batch.choiceForAll = choice;
    const goesOn = choice.isResume === true && canGoOn(begun.target, file);
    if (goesOn && !(await isBeginning(server, path, begun.target.size ?? 0, file))) throw notBeginning();
    begun = await server.beginUpload({ ...facts, onConflict: goesOn ? "resume" : choice.policy });
  }
  if (begun.kind === "skipped") return update(id, { state: "skipped", note: () => begun.because });
  if (begun.kind === "taken") return;
  job.url = begun.url;
  job.isBegun = true;
  if (begun.offset > job.reached) {
    job.attempts = 0;
    job.reached = begun.offset;
  }
  if (find(id)?.state !== "running") return;
  update(id, { bytes: begun.offset, path: begun.path });
  if (begun.offset > 0) {
    const part = begun.offset / file.size;
    update(id, { note: () => texts.value.queue.wentOn(percentText(part)) });
  }
  for (let offset = begun.offset; ;) {
    const onProgress = (bytes: number): void => measure(id, bytes);
    const onRequest = (request: XMLHttpRequest): void => void (job.request = request);
    offset = await sendPiece({ url: begun.url, offset, file, bytesMost, onRequest, onProgress });
    if (offset >= file.size) break;
    if (find(id)?.state !== "running") return;
  }
  jobs.delete(id);
  update(id, { state: "done", bytes: file.size, rate: 0 });
  if (activeCount.value <= 1) reloadWhere(current.id, parentPath(begun.path));
}

/** One question at a time; what is decided for all of a batch is not asked again. */
let asking: Promise<unknown> = Promise.resolve();

function askOnce(batch: Batch, { path, file, target }: Conflict): Promise<ConflictChoice | undefined> {
  const answer = asking.then(() => {
    if (batch.choiceForAll !== undefined) return batch.choiceForAll;
    const source = { size: file.size, modifiedMs: file.lastModified };
    const others = transfers.value.filter(({ id, state }) => batch.ids.has(id) && isActive(state)).length - 1;
    return askConflict({ path, source, target, others, canResume: canGoOn(target, file) });
  });
  asking = answer.catch(() => {});
  return answer;
}

interface Conflict {
  readonly path: string;
  readonly file: File;
  readonly target: Parameters<typeof askConflict>[0]["target"];
}

/** Whether what is there may be the beginning of a file. */
function canGoOn({ type, size }: EntryJson, file: File): boolean {
  return type === "file" && size !== undefined && size < file.size;
}

function notBeginning(): Problem {
  const message = "What the server has is not the beginning of this file: nothing was changed.";
  return new Problem(409, { code: "SALLYPORT_NOT_A_BEGINNING", message });
}

/** What the gateway knows of an upload is not what the page knows: asked again, both know the same. */
const beganAnew: ReadonlySet<string> = new Set(["SALLYPORT_UPLOAD_OFFSET", "SALLYPORT_TICKET_OVER"]);

function settleFailure(id: string, job: UploadJob, error: unknown, current: LoginJson): void {
  job.request = undefined;
  if (find(id)?.state !== "running") return;
  const isRefused = error instanceof Problem;
  if (isRefused && isOver(error, current)) {
    const isBack = openLogins().some((each) => each.id !== current.id && serverName(each) === serverName(current));
    return update(id, isBack ? { state: "queued" } : { state: "paused", note: waitsForLogin, rate: 0 });
  }
  if (isTooLongForProxy(error)) bytesMost = smallPieceBytes;
  const mayGoOn =
    !isRefused ||
    isBroken(error) ||
    isTooLongForProxy(error) ||
    beganAnew.has(error.problem.code) ||
    error.status === 429;
  if (!isRefused && isAway.value) return update(id, { state: "paused", note: waitsForGateway, rate: 0 });
  if (mayGoOn && ++job.attempts < attemptsMax) {
    update(id, { state: "paused", note: tryingAgain, rate: 0 });
    setTimeout(
      () => {
        if (find(id)?.note !== tryingAgain) return;
        update(id, { state: "queued", note: undefined });
        pump();
      },
      500 * 2 ** job.attempts,
    );
    return;
  }
  update(id, { state: "failed", problem: problemOf(error), rate: 0 });
}
