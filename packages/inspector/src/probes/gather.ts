import type { TlsMode } from "../model/index.ts";
import { answerText, codeOf, type Answer, type ConnectFailure } from "./control.ts";
import {
  probeClearAfterAuth,
  probeClearLogin,
  probeExplicit,
  probeImplicit,
  probeImplicitSilence,
  probeInjection,
  probeWebRequest,
  type ClearAfterAuthFacts,
  type ExplicitFacts,
  type ImplicitSilenceFacts,
  type InjectionFacts,
  type ModeFacts,
  type WebRequestFacts,
} from "./dialogues.ts";
import { probeEverything, type EnumerationFacts } from "./enumerate.ts";
import { comparingHellos, deepHellos, probeHellos, usualHellos, type HelloFacts } from "./hellos.ts";
import type { DataFacts } from "./data.ts";
import { known, missing, outcome, type Gathered, type Missing } from "./gathered.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { probeOlderResumption, type OlderResumptionFacts } from "./older-resumption.ts";
import { probeNames, type NameFacts } from "./names.ts";
import type { LoginPlace } from "./secure-connection.ts";
import { probeAnonymous, probeImplicitDefault, probeLogin, type AnonymousFacts, type LoginFacts } from "./login.ts";
import { probeOddInput, type OddInputFacts } from "./odd-input.ts";
import { probeGuesses, probeNamesAsked, type GuessesFacts, type NamesAskedFacts } from "./strangers.ts";
import { probeWriting, type WritingFacts } from "./writing.ts";
import type { LoginRefused } from "./visitor.ts";

/** Everything that probes find out, by the name under which a check asks for it. */
export interface FactTable {
  /** The address that every connection went to. */
  readonly address: string;
  readonly explicit: ExplicitFacts;
  readonly implicit: ModeFacts;
  /** The two modes, as far as each got; one of them at least has TLS. */
  readonly modes: Readonly<Partial<Record<TlsMode, ModeFacts>>>;
  readonly clearLogin: Answer;
  readonly injection: InjectionFacts;
  readonly clearAfterAuth: ClearAfterAuthFacts;
  readonly implicitSilence: ImplicitSilenceFacts;
  /** Hand-made hellos on the port that is looked at closely: the explicit one where it has TLS. */
  readonly hellos: HelloFacts;
  /** A few of them on the other port. */
  readonly otherHellos: HelloFacts;
  readonly webRequest: WebRequestFacts;
  /** Every suite and group of the port that is looked at closely. */
  readonly enumeration: EnumerationFacts;
  readonly names: NameFacts;
  readonly anonymous: AnonymousFacts;
  readonly namesAsked: NamesAskedFacts;
  readonly guesses: GuessesFacts;
  readonly oddInput: OddInputFacts;
  readonly writing: WritingFacts;
  readonly login: LoginFacts;
  readonly olderResumption: OlderResumptionFacts;
  /** A listing in implicit mode without PBSZ and PROT. */
  readonly implicitDefault: DataFacts;
}

export type FactName = keyof FactTable;

export type Facts = { readonly [Name in FactName]: Gathered<FactTable[Name]> };

/**
 * Goes through the dialogue of each mode, then sends out the probes of those facts alone that are needed; no probe keeps
 * another from being made. Logins come behind them, so that a server that counts connections
 * does not refuse those, and what takes connections without bound is the last. Tells of each fact when it is settled.
 */
export async function gather(
  server: InspectedServer,
  needed: ReadonlySet<FactName>,
  onSettled: (facts: Facts, settled: readonly FactName[]) => void = () => {},
): Promise<Facts> {
  const ground = await firstLook(server);
  const found: { -readonly [Name in FactName]: Gathered<FactTable[Name]> } = { ...notNeeded, ...ground.facts };
  onSettled(found, ["address", "explicit", "implicit", "modes"]);
  if (![found.explicit, found.implicit].some((fact) => fact.kind === "known" && answers(fact.value))) return found;
  const ask = async (name: ProbedFact) => {
    Object.assign(found, { [name]: await probesOfFacts[name](ground) });
    onSettled(found, [name]);
  };
  await Promise.all(beforeLogin.filter((name) => needed.has(name)).map(ask));
  for (const name of behindOthers.filter((candidate) => needed.has(candidate))) await ask(name);
  return found;
}

/** Whether there is more to ask for: a reply of FTP came, or TLS. */
function answers({ greeting, secured }: ModeFacts): boolean {
  return secured?.kind === "secured" || codeOf(greeting) >= 100;
}

/** What every run begins with. */
interface Ground {
  readonly server: InspectedServer;
  readonly facts: Pick<Facts, "address" | "explicit" | "implicit" | "modes">;
  /** Ports with TLS, the explicit one first. */
  readonly secured: readonly LoginPlace[];
}

type ProbedFact = Exclude<FactName, keyof Ground["facts"]>;

const beforeLogin = [
  "clearLogin",
  "injection",
  "clearAfterAuth",
  "implicitSilence",
  "hellos",
  "otherHellos",
  "webRequest",
  "names",
] as const satisfies readonly ProbedFact[];
const behindOthers = [
  "login",
  "olderResumption",
  "implicitDefault",
  "namesAsked",
  "writing",
  "anonymous",
  "enumeration",
  "oddInput",
  // Last: a server may shut its guest out for this.
  "guesses",
] as const satisfies readonly ProbedFact[];

const probesOfFacts: {
  readonly [Name in ProbedFact]: (ground: Ground) => Promise<Gathered<FactTable[Name]>>;
} = {
  clearLogin: async ({ server, facts: { explicit } }) =>
    explicit.kind === "missing" ? explicit : outcome(probeClearLogin(server, explicit.value.port)),
  injection: (ground) => overExplicit(ground, (port) => probeInjection(ground.server, port)),
  clearAfterAuth: (ground) => overExplicit(ground, (port) => probeClearAfterAuth(ground.server, port)),
  implicitSilence: async ({ server, facts: { implicit } }) =>
    implicit.kind === "missing" ? implicit : outcome(probeImplicitSilence(server, implicit.value.port)),
  hellos: async ({ server, secured: [main] }) =>
    main === undefined
      ? noTls
      : known(await probeHellos(server, main, server.isDeep ? [...usualHellos, ...deepHellos] : usualHellos)),
  otherHellos: async ({ server, secured: [, other] }) =>
    other === undefined
      ? missing("only one port offers TLS")
      : known(await probeHellos(server, other, comparingHellos)),
  webRequest: async ({ server, secured: [main] }) =>
    main === undefined ? noTls : outcome(probeWebRequest(server, main)),
  anonymous: async ({ server, secured: [main] }) => {
    if (!server.isAnonymousTried) return missing("not tried unasked: give --anonymous");
    return main === undefined ? noTls : outcome(probeAnonymous(server, main));
  },
  names: async ({ server }) => {
    const found = await probeNames(server);
    return found === undefined ? missing("the host is no name of the DNS") : known(found);
  },
  enumeration: async ({ server, secured: [main] }) => {
    if (!server.isDeep) return missing("left out, for its many connections: give --deep");
    return main === undefined ? noTls : known(await probeEverything(server, main));
  },
  login: ({ server, secured: [main] }) => loginOutcome(server, main, (place) => probeLogin(server, place)),
  namesAsked: async ({ server, secured: [main] }) => {
    if (server.credentials === undefined) return missing("no name is known: give --user");
    return main === undefined ? noTls : outcome(probeNamesAsked(server, main, server.credentials.user));
  },
  guesses: async (ground) => whenDeep(ground, (place) => probeGuesses(ground.server, place)),
  oddInput: async (ground) => whenDeep(ground, (place) => probeOddInput(ground.server, place)),
  writing: async ({ server, secured: [main] }) => {
    if (!server.isWritingAllowed) return missing("nothing is written unasked: give --write");
    return loginOutcome(server, main, (place) => probeWriting(server, place));
  },
  olderResumption: ({ server, secured: [main] }) =>
    loginOutcome(server, main, (place) => probeOlderResumption(server, place)),
  implicitDefault: ({ server, secured }) => {
    const place = secured.find(({ mode }) => mode === "implicit");
    if (place === undefined) return Promise.resolve(missing("there is no implicit TLS"));
    return loginOutcome(server, place, ({ port }) => probeImplicitDefault(server, port));
  },
};

const none = missing("not looked for");
const notNeeded: { readonly [Name in ProbedFact]: Missing } = {
  clearLogin: none,
  injection: none,
  clearAfterAuth: none,
  implicitSilence: none,
  hellos: none,
  otherHellos: none,
  webRequest: none,
  enumeration: none,
  names: none,
  anonymous: none,
  login: none,
  namesAsked: none,
  guesses: none,
  oddInput: none,
  writing: none,
  olderResumption: none,
  implicitDefault: none,
};
const noTls = missing("neither port offers TLS");

async function firstLook(server: InspectedServer): Promise<Ground> {
  const { explicit: explicitPort, implicit: implicitPort } = server.ports;
  const [explicit, implicit] = await Promise.all([
    explicitPort === undefined
      ? missing("the explicit port is left out")
      : outcome(probeExplicit(server, explicitPort)),
    implicitPort === undefined
      ? missing("the implicit port is left out")
      : outcome(probeImplicit(server, implicitPort)),
  ]);
  const answering = {
    ...(explicit.kind === "known" && { explicit: explicit.value }),
    ...(implicit.kind === "known" && { implicit: implicit.value }),
  };
  const isNothing = explicit.kind === "missing" && implicit.kind === "missing";
  const modes = isNothing ? explicit : known(answering);
  const secured = (["explicit", "implicit"] as const).flatMap((mode) => {
    const facts = answering[mode];
    return hasTls(facts) ? [{ mode, port: facts.port }] : [];
  });
  return { server, facts: { address: known(server.address), explicit, implicit, modes }, secured };
}

function hasTls(facts: ModeFacts | undefined): facts is ModeFacts {
  if (facts?.secured === undefined) return false;
  // A handshake that failed may fail for want of what only a hand-made hello offers.
  return facts.secured.kind === "secured" || "auth" in facts;
}

/** What costs connections, or patience, without need. */
async function whenDeep<Value extends object>(
  { server, secured: [main] }: Ground,
  ask: (place: LoginPlace) => Promise<Value | ConnectFailure>,
): Promise<Gathered<Value>> {
  if (!server.isDeep) return missing("left out, for what it costs: give --deep");
  return main === undefined ? noTls : outcome(ask(main));
}

async function overExplicit<Value extends object>(
  { facts: { explicit } }: Ground,
  ask: (port: number) => Promise<Value | ConnectFailure>,
): Promise<Gathered<Value>> {
  if (explicit.kind === "missing") return explicit;
  return explicit.value.secured === undefined ? missing("AUTH TLS is refused") : outcome(ask(explicit.value.port));
}

async function loginOutcome<Value extends object>(
  server: InspectedServer,
  place: LoginPlace | undefined,
  ask: (place: LoginPlace) => Promise<Value | LoginRefused | ConnectFailure>,
): Promise<Gathered<Value>> {
  if (server.credentials === undefined) return missing("nobody logs in: give --user");
  if (place === undefined) return noTls;
  const found = await ask(place);
  return isRefusedLogin(found) ? missing(refusalText(found)) : outcome(Promise.resolve(found));
}

function isRefusedLogin(found: object): found is LoginRefused {
  return "kind" in found && (found.kind === "refused-login" || found.kind === "untrusted");
}

function refusalText(refused: LoginRefused): string {
  return refused.kind === "refused-login"
    ? `the login is refused: ${answerText(refused.answer)}`
    : `the password stays here, for nobody vouches for the server (${refused.problem}): give --ca FILE or --insecure`;
}
