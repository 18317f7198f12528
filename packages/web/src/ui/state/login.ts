import { signal } from "@preact/signals";
import type { LoginEvent, LoginJson, LoginRequest, ProblemJson } from "../../api/api.ts";
import { logins, Problem, problemOf, Server, signIn as askToSignIn } from "../gateway-client.ts";
import { forgetKey, knownKey, rememberKey } from "./known-keys.ts";
import { type RecentServer, rememberServer } from "./recent.ts";
import { unwatch, unwatchAll, watch as listenTo } from "./watching.ts";

/** The login that the page shows. */
export const login = signal<LoginJson | undefined>(undefined);
/** Logins at other servers, which a second pane shows or showed. */
const otherLogins = signal<readonly LoginJson[]>([]);
export const isResuming = signal(true);
export const isSigningIn = signal(false);
/** Why signing in failed. */
export const signInProblem = signal<ProblemJson | undefined>(undefined);
/** A certificate that waits for a person's decision. */
export const trustQuestion = signal<TrustQuestion | undefined>(undefined);
export const transcript = signal<readonly TranscriptEvent[]>([]);
/** Why the page is back at signing in, where it was not asked for. */
export const overBecause = signal<OverBecause | undefined>(undefined);

/** That the gateway has forgotten the login whose files the page still shows. */
export const lostBecause = signal<OverBecause | undefined>(undefined);

/** The login whose place the one that is shown has taken, at the same server. */
export const cameAfter = signal<string | undefined>(undefined);

export type OverBecause = "idle" | "expired" | "signedOut" | "forgotten";

export interface TrustQuestion {
  readonly request: LoginRequest;
  readonly problem: ProblemJson;
  /** The key that was trusted before; another one now is an alarm. */
  readonly expected: string | undefined;
  readonly onEntered: OnEntered;
}

/** What becomes of a login that was made. */
type OnEntered = (made: LoginJson) => void;

type TranscriptEvent = Extract<LoginEvent, { kind: "transcript" }>;
type TransferEvent = Extract<LoginEvent, { kind: "transfer" }>;

/** What each login of this page was asked for with, its password left out. */
const asked = new Map<string, RecentServer>();
let onTransfer: (event: TransferEvent, of: LoginJson) => void = () => {};

/** Who is told of transfers. */
export function watchTransfers(listener: (event: TransferEvent, of: LoginJson) => void): void {
  onTransfer = listener;
}

/** `user@host:port`. */
export function serverName({ user, host, port }: LoginJson): string {
  return `${user}@${host}:${port}`;
}

/** The form that leads to a login. */
export function formOf(made: LoginJson): RecentServer {
  const { host, port, security, user } = made;
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return asked.get(made.id) ?? { address, security, user };
}

export function serverOf({ id }: LoginJson): Server {
  return new Server(id);
}

let signingIn = new AbortController();

/** Gives up the login that is under way. */
export function cancelSignIn(): void {
  signingIn.abort();
}

/** Signs in; a certificate that is not trusted becomes a question. */
export async function signIn(request: LoginRequest, onEntered: OnEntered = enter): Promise<void> {
  const key = serverKey(request);
  const pin = request.pin ?? knownKey(key);
  const { signal: cancelled } = (signingIn = new AbortController());
  isSigningIn.value = true;
  signInProblem.value = undefined;
  overBecause.value = undefined;
  try {
    const made = await askToSignIn({ ...request, ...(pin !== undefined && { pin }) }, cancelled);
    trustQuestion.value = undefined;
    rememberServer(request);
    const { address, security, user, wishes } = request;
    asked.set(made.id, { address, security, user, wishes });
    onEntered(made);
  } catch (error) {
    if (cancelled.aborted) return;
    const problem = problemOf(error);
    if (problem.certificate === undefined) signInProblem.value = problem;
    else trustQuestion.value = { request, problem, expected: pin, onEntered };
  } finally {
    if (signingIn.signal === cancelled) isSigningIn.value = false;
  }
}

/** Answers the question about a certificate. */
export async function answerTrust(answer: "once" | "remember" | "stop"): Promise<void> {
  const question = trustQuestion.value;
  const pin = question?.problem.certificate?.pin;
  trustQuestion.value = undefined;
  if (question === undefined || pin === undefined || answer === "stop") return;
  if (answer === "remember") rememberKey(serverKey(question.request), pin);
  await signIn({ ...question.request, pin }, question.onEntered);
}

/** Forgets the key that was expected, so that the next one is a first one. */
export function forgetExpectedKey(): void {
  const question = trustQuestion.value;
  if (question !== undefined) forgetKey(serverKey(question.request));
  trustQuestion.value = undefined;
}

export async function signOut(): Promise<void> {
  const all = openLogins();
  leave(undefined);
  for (const each of all) {
    await serverOf(each)
      .signOut()
      .catch(() => {});
  }
}

/** Ends one login, of this page or of another; one that is gone already is as good as ended. */
export async function endLogin(of: LoginJson): Promise<void> {
  try {
    await serverOf(of).signOut();
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) throw error;
  }
  forget(of.id, "signedOut");
}

/** Shows a login that is still there, after a reload of the page. */
export async function resumeLogin(): Promise<void> {
  try {
    const found = await logins();
    const latest = found.toSorted((one, other) => other.usedAt.localeCompare(one.usedAt))[0];
    if (latest !== undefined) enter(latest);
  } catch {
    // Whoever cannot be resumed signs in.
  } finally {
    isResuming.value = false;
  }
}

/** Every login that this page holds. */
export function openLogins(): readonly LoginJson[] {
  return [...(login.value === undefined ? [] : [login.value]), ...otherLogins.value];
}

/** Takes another login beside the one that the page shows. */
export function enterBeside(made: LoginJson): void {
  if (openLogins().some(({ id }) => id === made.id)) return;
  otherLogins.value = [...otherLogins.value, made];
  watch(made);
}

/** Leaves the files: nobody is signed in. */
function leave(because: OverBecause | undefined): void {
  unwatchAll();
  asked.clear();
  login.value = undefined;
  otherLogins.value = [];
  lostBecause.value = undefined;
  overBecause.value = because;
}

/** Leaves the files of a login that the gateway has forgotten, instead of signing in again. */
export function leaveLost(): void {
  leave(lostBecause.value);
}

/** Whether a failure means that a gateway, which was started anew or forgot a login, has to be signed in to again. */
export function isOver(error: unknown, of: LoginJson | undefined): boolean {
  const isGone = error instanceof Problem && error.status === 401;
  if (isGone) forget(of?.id, "forgotten");
  return isGone;
}

function forget(id: string | undefined, because: OverBecause): void {
  if (id === undefined) return;
  unwatch(id);
  if (id === login.value?.id) {
    // Whoever signs out wants the files gone; else they stay, with all that is not saved, until one has signed in again.
    if (because === "signedOut") leave(because);
    else lostBecause.value = because;
    return;
  }
  otherLogins.value = otherLogins.value.filter((each) => each.id !== id);
}

function enter(made: LoginJson): void {
  const before = login.value;
  const isBack = before !== undefined && lostBecause.value !== undefined && serverName(before) === serverName(made);
  cameAfter.value = isBack ? before.id : undefined;
  if (isBack) lostBecause.value = undefined;
  else {
    const form = asked.get(made.id);
    leave(undefined);
    if (form !== undefined) asked.set(made.id, form);
  }
  login.value = made;
  transcript.value = [];
  watch(made);
}

function watch(made: LoginJson): void {
  listenTo(made, {
    onOpen: () => {
      if (made.id === login.value?.id) transcript.value = [];
    },
    onEvent: (event) => take(event, made),
    onUnknown: () => forget(made.id, "forgotten"),
  });
}

function take(event: LoginEvent, of: LoginJson): void {
  const isMain = of.id === login.value?.id;
  if (event.kind === "transfer") onTransfer(event, of);
  else if (event.kind === "over") takeEnd(event.because, of);
  else if (event.kind === "login" && isMain) login.value = event.login;
  else if (event.kind === "transcript" && isMain)
    transcript.value = [...transcript.value.slice(1 - transcriptLines), event];
}

/** A gateway that closes may be back in a moment: what it then knows is asked for. */
function takeEnd(because: Extract<LoginEvent, { kind: "over" }>["because"], { id }: LoginJson): void {
  if (because !== "closing") forget(id, because === "signed-out" ? "signedOut" : because);
}

const transcriptLines = 500;

/** By which name a key is remembered: the address without user and path. */
function serverKey({ address, security }: LoginRequest): string {
  const host = address
    .replace(/^\w+:\/\//, "")
    .replace(/^[^@/]*@/, "")
    .replace(/\/.*$/s, "")
    .toLowerCase();
  const scheme = /^(\w+):\/\//.exec(address)?.[1]?.toLowerCase();
  const isImplicit = security === "implicit" || scheme === "ftps";
  return /:\d+$/.test(host) ? host : `${host}:${isImplicit ? 990 : 21}`;
}
