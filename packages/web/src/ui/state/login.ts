import { signal } from "@preact/signals";
import type { LoginEvent, LoginJson, LoginRequest, ProblemJson } from "../../api/api.ts";
import { logins, problemOf, Server, signIn as askToSignIn } from "../gateway-client.ts";
import { forgetKey, knownKey, rememberKey } from "./known-keys.ts";
import { rememberServer } from "./recent.ts";

/** The login that the page shows. */
export const login = signal<LoginJson | undefined>(undefined);
export const isResuming = signal(true);
export const isSigningIn = signal(false);
/** Why signing in failed. */
export const signInProblem = signal<ProblemJson | undefined>(undefined);
/** A certificate that waits for a person's decision. */
export const trustQuestion = signal<TrustQuestion | undefined>(undefined);
export const transcript = signal<readonly TranscriptEvent[]>([]);
/** Why the page is back at signing in, where it was not asked for. */
export const overBecause = signal<OverBecause | undefined>(undefined);

export type OverBecause = "idle" | "expired" | "signedOut" | "forgotten";

export interface TrustQuestion {
  readonly request: LoginRequest;
  readonly problem: ProblemJson;
  /** The key that was trusted before; another one now is an alarm. */
  readonly expected: string | undefined;
}

type TranscriptEvent = Extract<LoginEvent, { kind: "transcript" }>;
type TransferEvent = Extract<LoginEvent, { kind: "transfer" }>;

let events: EventSource | undefined;
let onTransfer: (event: TransferEvent) => void = () => {};

/** Who is told of transfers. */
export function watchTransfers(listener: (event: TransferEvent) => void): void {
  onTransfer = listener;
}

export function serverOf({ id }: LoginJson): Server {
  return new Server(id);
}

/** Signs in; a certificate that is not trusted becomes a question. */
export async function signIn(request: LoginRequest): Promise<void> {
  const key = serverKey(request);
  const expected = request.pin === undefined ? knownKey(key) : undefined;
  const pin = request.pin ?? expected;
  isSigningIn.value = true;
  signInProblem.value = undefined;
  overBecause.value = undefined;
  try {
    const made = await askToSignIn({ ...request, ...(pin !== undefined && { pin }) });
    trustQuestion.value = undefined;
    rememberServer({ address: request.address, security: request.security, user: request.user });
    enter(made);
  } catch (error) {
    const problem = problemOf(error);
    if (problem.certificate === undefined) signInProblem.value = problem;
    else trustQuestion.value = { request, problem, expected };
  } finally {
    isSigningIn.value = false;
  }
}

/** Answers the question about a certificate. */
export async function answerTrust(answer: "once" | "remember" | "stop"): Promise<void> {
  const question = trustQuestion.value;
  const pin = question?.problem.certificate?.pin;
  trustQuestion.value = undefined;
  if (question === undefined || pin === undefined || answer === "stop") return;
  if (answer === "remember") rememberKey(serverKey(question.request), pin);
  await signIn({ ...question.request, pin });
}

/** Forgets the key that was expected, so that the next one is a first one. */
export function forgetExpectedKey(): void {
  const question = trustQuestion.value;
  if (question !== undefined) forgetKey(serverKey(question.request));
  trustQuestion.value = undefined;
}

export async function signOut(): Promise<void> {
  const current = login.value;
  leave(undefined);
  if (current !== undefined)
    await serverOf(current)
      .signOut()
      .catch(() => {});
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

/** The login is gone: the gateway forgot it, or was started anew. */
export function leave(because: OverBecause | undefined): void {
  events?.close();
  events = undefined;
  login.value = undefined;
  overBecause.value = because;
}

function enter(made: LoginJson): void {
  login.value = made;
  transcript.value = [];
  events?.close();
  events = new EventSource(serverOf(made).eventsUrl);
  events.addEventListener("open", () => (transcript.value = []));
  events.addEventListener("message", ({ data }) => take(JSON.parse(String(data)) as LoginEvent));
}

function take(event: LoginEvent): void {
  if (event.kind === "transcript") transcript.value = [...transcript.value.slice(1 - transcriptLines), event];
  else if (event.kind === "transfer") onTransfer(event);
  else if (event.kind === "login") login.value = event.login;
  else if (event.kind === "over") leave(event.because === "signed-out" ? "signedOut" : event.because);
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
