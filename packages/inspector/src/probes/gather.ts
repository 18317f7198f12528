import type { TlsMode } from "../model/index.ts";
import type { Answer, ConnectFailure } from "./control.ts";
import {
  probeClearAfterAuth,
  probeClearLogin,
  probeExplicit,
  probeImplicit,
  probeImplicitSilence,
  probeInjection,
  type ClearAfterAuthFacts,
  type ExplicitFacts,
  type ImplicitSilenceFacts,
  type InjectionFacts,
  type ModeFacts,
} from "./dialogues.ts";
import { comparingHellos, probeHellos, usualHellos, type HelloFacts } from "./hellos.ts";
import type { InspectedServer } from "./inspected-server.ts";

/** Everything that probes find out, by the name under which a check asks for it. */
export interface FactTable {
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
}

export type FactName = keyof FactTable;

/** A fact, or why there is none. */
export type Gathered<Value> =
  | { readonly kind: "known"; readonly value: Value }
  | { readonly kind: "missing"; readonly reason: string };

export type Facts = { readonly [Name in FactName]: Gathered<FactTable[Name]> };

/** Sends out every probe that the server's ports allow; no probe keeps another from being made. */
export async function gather(server: InspectedServer): Promise<Facts> {
  const { explicit: explicitPort, implicit: implicitPort } = server.ports;
  const [explicit, implicit] = await Promise.all([
    explicitPort === undefined ? off("explicit") : outcome(probeExplicit(server, explicitPort)),
    implicitPort === undefined ? off("implicit") : outcome(probeImplicit(server, implicitPort)),
  ]);
  const modes = {
    ...(explicit.kind === "known" && { explicit: explicit.value }),
    ...(implicit.kind === "known" && { implicit: implicit.value }),
  };
  const secured = (["explicit", "implicit"] as const).flatMap((mode) => {
    const facts = modes[mode];
    return hasTls(facts) ? [{ mode, port: facts.port }] : [];
  });
  const [main, other] = secured;
  const overExplicit = <T extends object>(ask: (port: number) => Promise<T | ConnectFailure>) =>
    whenExplicit(explicit, (port) => outcome(ask(port)));
  const [clearLogin, injection, clearAfterAuth, implicitSilence, hellos, otherHellos] = await Promise.all([
    explicit.kind === "known" ? outcome(probeClearLogin(server, explicit.value.port)) : explicit,
    overExplicit((port) => probeInjection(server, port)),
    overExplicit((port) => probeClearAfterAuth(server, port)),
    implicit.kind === "known" ? outcome(probeImplicitSilence(server, implicit.value.port)) : implicit,
    main === undefined ? noTls : known(probeHellos(server, main, usualHellos)),
    other === undefined ? onlyOne : known(probeHellos(server, other, comparingHellos)),
  ]);
  const both: Gathered<FactTable["modes"]> =
    explicit.kind === "known" || implicit.kind === "known" ? { kind: "known", value: modes } : explicit;
  return {
    explicit,
    implicit,
    modes: both,
    clearLogin,
    injection,
    clearAfterAuth,
    implicitSilence,
    hellos,
    otherHellos,
  };
}

type Missing = Extract<Gathered<never>, { kind: "missing" }>;

const noTls: Missing = { kind: "missing", reason: "neither port offers TLS" };
const onlyOne: Missing = { kind: "missing", reason: "only one port offers TLS" };

function off(mode: TlsMode): Missing {
  return { kind: "missing", reason: `the ${mode} port is left out` };
}

function hasTls(facts: ModeFacts | undefined): facts is ModeFacts {
  if (facts?.secured === undefined) return false;
  // A handshake that failed may fail for want of what only a hand-made hello offers.
  return facts.secured.kind === "secured" || "auth" in facts;
}

async function known<T>(value: Promise<T>): Promise<Gathered<T>> {
  return { kind: "known", value: await value };
}

async function outcome<T extends object>(probing: Promise<T | ConnectFailure>): Promise<Gathered<T>> {
  const found = await probing;
  if (isConnectFailure(found)) return { kind: "missing", reason: found.text };
  return { kind: "known", value: found };
}

function isConnectFailure(found: object): found is ConnectFailure {
  return "kind" in found && "text" in found && failures.has(String(found.kind));
}

const failures: ReadonlySet<string> = new Set<ConnectFailure["kind"]>([
  "refused",
  "unreachable",
  "budget",
  "turned-away",
]);

async function whenExplicit<T>(
  explicit: Gathered<ExplicitFacts>,
  ask: (port: number) => Promise<Gathered<T>>,
): Promise<Gathered<T>> {
  if (explicit.kind === "missing") return explicit;
  if (explicit.value.secured === undefined) return { kind: "missing", reason: "AUTH TLS is refused" };
  return ask(explicit.value.port);
}
