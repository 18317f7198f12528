import {
  inspect,
  isAtLeast,
  namesCheck,
  renderReport,
  reportFormatNames,
  reportFormats,
  terminalSettings,
  type GradeLetter,
  type InspectFailure,
  type InspectReport,
  type ReportFormat,
} from "@sallyport/inspector";
import { buildCommand, type CommandContext } from "@stricli/core";
import { explicitPortOf, parseSeconds, targetParameter, type ServerTarget } from "../explain-flags.ts";
import { caFlag, commonFlags, parseText, switchFlag, type CommonFlags } from "../flags.ts";
import { parseCheckIds, parseGrade, parseRemotePortOrOff, sameInspection } from "../inspect-flags.ts";
import { findCredentials } from "../login/credentials.ts";
import { trustOf } from "../server-trust.ts";

interface InspectFlags extends CommonFlags {
  readonly explicitPort?: number | "off";
  readonly implicitPort: number | "off";
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly anonymous?: boolean;
  readonly deep?: boolean;
  readonly user?: string;
  readonly passwordStdin?: boolean;
  readonly netrc?: string;
  readonly only?: readonly string[];
  readonly format?: ReportFormat;
  readonly minGrade: GradeLetter;
  readonly require?: readonly string[];
  readonly timeout: number;
  readonly quiet?: boolean;
}

/** What scripts go by. */
const inspectExitCodes = { good: 0, poor: 1, unreachable: 3, notFtp: 4, partial: 5, forbidden: 6 } as const;
type InspectExitCode = (typeof inspectExitCodes)[keyof typeof inspectExitCodes];

export const inspectCommand = buildCommand({
  docs: {
    brief: "Inspect a server in both modes of TLS, and grade it",
    fullDescription: [
      "Connects to HOST in both modes, finds out what its TLS and its FTP allow, grades both, and says what to do",
      "about each fault. Sends no password but the one it is given, that inside TLS, and writes nothing. It makes at",
      "most 40 control connections, two at a time; --deep lifts that.",
      "",
      "Checks of the data connection need a login: give --user.",
      "",
      "Exit codes: 0 the grade is --min-grade or better and every --require passed, 1 it is not, 3 no such host or",
      "nothing answers, 4 what answers is not FTP, 5 the connections were used up before the end, 64 wrong command",
      "line, 66 cannot read FILE.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [targetParameter],
    },
    flags: {
      explicitPort: {
        kind: "parsed",
        parse: parseRemotePortOrOff,
        brief: "Port that begins in clear, or off to leave it out (default: that of HOST:PORT, else 21)",
        placeholder: "PORT",
        optional: true,
      },
      implicitPort: {
        kind: "parsed",
        parse: parseRemotePortOrOff,
        brief: "Port that is TLS from the first octet, or off to leave it out",
        placeholder: "PORT",
        default: "990",
      },
      ca: caFlag,
      insecure: switchFlag("Give the password also to a server that no authority vouches for"),
      anonymous: switchFlag("Try whether anybody may log in as anonymous"),
      deep: switchFlag("Make the checks that take more connections, up to 400: every suite and group"),
      only: {
        kind: "parsed",
        parse: parseCheckIds,
        brief: "Report these checks alone, as in P1,T1 or C",
        placeholder: "IDS",
        optional: true,
      },
      format: {
        kind: "enum",
        values: reportFormatNames,
        brief: "Write the report in this form; --json is short for one of them",
        placeholder: "FORMAT",
        optional: true,
      },
      minGrade: {
        kind: "parsed",
        parse: parseGrade,
        brief: "Least grade that is good enough",
        placeholder: "GRADE",
        default: "B",
      },
      require: {
        kind: "parsed",
        parse: parseCheckIds,
        brief: "Checks that must be in order, whatever the grade",
        placeholder: "IDS",
        optional: true,
      },
      timeout: {
        kind: "parsed",
        parse: parseSeconds,
        brief: "Longest wait for each step",
        placeholder: "SECONDS",
        default: "10",
      },
      quiet: switchFlag("Print the grade and its reasons alone"),
      user: {
        kind: "parsed",
        parse: parseText,
        brief: "Who logs in, inside TLS, for the checks of the data connection",
        placeholder: "NAME",
        optional: true,
      },
      passwordStdin: switchFlag("Read the password from standard input, one line"),
      netrc: {
        kind: "parsed",
        parse: parseText,
        brief: "File with machines, logins and passwords (default: $NETRC, else ~/.netrc)",
        placeholder: "FILE",
        optional: true,
      },
      ...commonFlags,
    },
  },
  async func(this: CommandContext, flags: InspectFlags, target: ServerTarget) {
    const { ca, extraCa, insecure = false } = await trustOf(flags);
    const found = await inspect(target.host, {
      ports: { explicit: explicitPortOf(target, flags), implicit: flags.implicitPort },
      timeoutMs: flags.timeout * 1000,
      insecure,
      anonymous: flags.anonymous === true,
      deep: flags.deep === true,
      ...(ca !== undefined && { ca }),
      ...(extraCa !== undefined && { extraCa }),
      ...(flags.only && { only: flags.only }),
      ...(await credentialsOf(target, flags)),
    });
    const { process: ending }: ContextWithExitCode = this;
    const write = (lines: readonly string[]) => this.process.stdout.write(lines.map((line) => `${line}\n`).join(""));
    if ("kind" in found) {
      ending.exitCode = failureCodes[found.kind];
      if (flags.json === true || flags.format === "json") return write([JSON.stringify({ failure: found })]);
      return void this.process.stderr.write(`sallyport: ${failureSentence(found)}\n`);
    }
    ending.exitCode = exitCodeOf(found, flags);
    const format = flags.format ?? (flags.json === true ? "json" : undefined);
    if (format !== undefined) return void this.process.stdout.write(reportFormats[format](found));
    const { isTTY: isTerminal, columns } = process.stdout;
    const drawing = terminalSettings({ isTerminal, columns, environment: process.env });
    const shown = { verbose: flags.verbose === true, quiet: flags.quiet === true };
    write(renderReport(found, { ...drawing, ...shown, command: sameInspection(target, flags) }));
  },
});

/** Stricli ends with the exit code that a command has set, which its type of a command's context does not say. */
interface ContextWithExitCode {
  readonly process: CommandContext["process"] & { exitCode?: InspectExitCode };
}

const failureCodes: Readonly<Record<InspectFailure["kind"], InspectExitCode>> = {
  "name-unknown": inspectExitCodes.unreachable,
  unreachable: inspectExitCodes.unreachable,
  "not-ftp": inspectExitCodes.notFtp,
  forbidden: inspectExitCodes.forbidden,
};

/** Nobody logs in unless a user is named. */
async function credentialsOf({ host }: ServerTarget, flags: InspectFlags) {
  if (flags.user === undefined && flags.passwordStdin !== true) return {};
  const { user, password = "" } = await findCredentials({ host, isPasswordExposed: false }, flags);
  return { credentials: { user, password } };
}

function exitCodeOf({ grade, findings, isPartial }: InspectReport, { minGrade, require: required = [] }: InspectFlags) {
  if (isPartial) return inspectExitCodes.partial;
  const passes = (name: string) =>
    findings.filter(({ id }) => namesCheck(name, id)).every(({ status }) => status === "ok" || status === "info");
  const isGood = isAtLeast(grade.overall, minGrade) && required.every(passes);
  return isGood ? inspectExitCodes.good : inspectExitCodes.poor;
}

function failureSentence(failure: InspectFailure): string {
  if (failure.kind === "name-unknown") return `No address is known for ${failure.host}: check the name.`;
  if (failure.kind === "forbidden") {
    return `${failure.host} leads to ${failure.address}, which may not be inspected by what --policy says of targets.`;
  }
  const told = [failure.ports.explicit, failure.ports.implicit].flatMap((port) =>
    port === null ? [] : [`port ${port.port}: ${port.text}`],
  );
  const said = told.join("; ");
  return failure.kind === "unreachable"
    ? `Nothing answers at ${failure.host} (${said}): check that the server runs, or name its ports (Sallyport without root: 2121 and 2990).`
    : `What answers at ${failure.host} is not FTP (${said}): check the port numbers.`;
}
