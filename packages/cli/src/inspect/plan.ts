import { Capture, type Demands, type InspectOptions } from "@sallyport/inspector";
import { ConfigError, UsageError } from "@sallyport/protocol";
import { explicitPortOf } from "../explain-flags.ts";
import { findCredentials, type PasswordSource } from "../login/credentials.ts";
import { firstLineOf } from "../password-input.ts";
import { trustOf } from "../server-trust.ts";
import type { InspectFlags } from "./flags.ts";
import type { InspectPolicy, TargetDemands } from "./policy-file.ts";
import type { InspectTarget } from "./targets.ts";

/** How every target is inspected. */
export interface InspectPlan {
  readonly targets: readonly InspectTarget[];
  readonly capture: Capture | undefined;
  /** Everything but what happens while it runs. */
  optionsFor(target: InspectTarget): InspectOptions;
}

/**
 * Makes a plan of what the command line and the policy say; passwords are asked for now, so that nobody waits for a
 * person in the middle.
 *
 * @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION where flags exclude each other.
 */
export async function planOf(targets: readonly InspectTarget[], flags: InspectFlags): Promise<InspectPlan> {
  refuseContradictions(flags);
  const policy = await policyOf(flags);
  const { ca, extraCa, insecure = false } = await trustOf(flags);
  const permits = policy.targets === undefined ? undefined : await permissionOf(policy.targets, flags.policy);
  const capture = flags.capture === undefined ? undefined : new Capture();
  const logins = await loginsOf(targets, flags);
  const only = flags.only ?? policy.only;
  const ground: InspectOptions = {
    timeoutMs: flags.timeout * 1000,
    maxTimeMs: flags.maxTime * 1000,
    ...{ insecure, anonymous: flags.anonymous === true, deep: flags.deep === true, write: flags.write === true },
    demands: demandsOf(flags, policy),
    ...(ca !== undefined && { ca }),
    ...(extraCa !== undefined && { extraCa }),
    ...(only && { only }),
    ...(permits && { permits }),
    ...(capture && { capture }),
  };
  return {
    ...{ targets, capture },
    optionsFor: (target) => {
      const credentials = logins.get(target);
      const ports = { explicit: explicitPortOf(target, flags), implicit: target.implicitPort ?? flags.implicitPort };
      return { ...ground, ports, ...(credentials && { credentials }) };
    },
  };
}

function refuseContradictions(flags: InspectFlags): void {
  const forms = [flags.json === true && "--json", flags.jsonl === true && "--jsonl", flags.format && "--format"];
  const [one, other] = forms.filter((form) => typeof form === "string");
  if (one !== undefined && other !== undefined) throw contradiction(`${one} and ${other} name two forms of a report`);
  if (flags.watch !== undefined && flags.capture !== undefined) {
    throw contradiction("--watch goes on without end, and --capture keeps everything");
  }
  if (flags.includeSecrets === true && flags.capture === undefined) {
    throw contradiction("--include-secrets is about a capture, and there is no --capture");
  }
  if (flags.output !== undefined && forms.every((form) => typeof form !== "string" || form === "--jsonl")) {
    throw contradiction("--output takes a whole report: name its form with --format, or --json");
  }
}

function contradiction(what: string): UsageError {
  return new UsageError("SALLYPORT_USAGE_CONTRADICTION", `${what}: leave one of them out.`);
}

async function policyOf({ policy }: InspectFlags): Promise<InspectPolicy> {
  if (policy === undefined) return { demands: {} };
  const { readPolicy } = await import("./policy-file.ts");
  return readPolicy(policy);
}

/** What the command line says goes before the policy; where neither says a grade, B is the least. */
function demandsOf({ minGrade, require: required }: InspectFlags, { demands }: InspectPolicy): Demands {
  const saysGrade = (demands.minGrade ?? demands.minTls ?? demands.minPolicy) !== undefined;
  const least = minGrade ?? (saysGrade ? undefined : "B");
  return { ...demands, ...(least && { minGrade: least }), ...(required && { require: required }) };
}

async function permissionOf({ allow, onlyAllowed, allowsPrivate }: TargetDemands, file = "the policy") {
  const { TargetPolicy } = await import("@sallyport/web/targets");
  const rules = { allowsLoopback: allowsPrivate, allowsPrivate, allowed: allow, onlyAllowed };
  try {
    const policy = new TargetPolicy(rules);
    return (host: string, address: string) => policy.permits({ host, port: 21 }, address);
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : "a pattern is none";
    throw new ConfigError("SALLYPORT_CONFIG_SETTING", `In ${file}, allow of targets: ${what}.`, { cause });
  }
}

type Credentials = NonNullable<InspectOptions["credentials"]>;

/** Nobody logs in unless a user is named. */
async function loginsOf(
  targets: readonly InspectTarget[],
  flags: InspectFlags,
): Promise<Map<InspectTarget, Credentials>> {
  const logins = new Map<InspectTarget, Credentials>();
  if (flags.user === undefined && flags.passwordStdin !== true) return logins;
  let typed: Promise<string> | undefined;
  // One line of standard input is for all servers.
  const passwords: PasswordSource = {
    variables: ["SALLYPORT_PASSWORD"],
    line: () => (typed ??= firstLineOf(process.stdin)),
  };
  const known = new Map<string, Credentials>();
  for (const target of targets) {
    const { host } = target;
    const needs = { isPasswordNeeded: true, passwords };
    const { user, password = "" } =
      known.get(host) ?? (await findCredentials({ host, isPasswordExposed: false }, flags, needs));
    known.set(host, { user, password });
    logins.set(target, { user, password });
  }
  return logins;
}
