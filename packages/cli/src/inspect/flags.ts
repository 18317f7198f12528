import { reportFormatNames, type GradeLetter, type ReportFormat } from "@sallyport/inspector";
import { underHeading } from "../command-facts.ts";
import { parseSeconds } from "../explain-flags.ts";
import {
  caFlag,
  commonFlags,
  parseCount,
  parseText,
  passwordFlags,
  switchFlag,
  type CommonFlags,
  type PasswordFlags,
} from "../flags.ts";
import { parseCheckId, parseCheckIds, parseGrade, parseLongSeconds, parseRemotePortOrOff } from "../inspect-flags.ts";
import { clientTrialFlags, type ClientTrialFlags } from "./client.ts";

/** What `inspect` can be told. */
export interface InspectFlags extends CommonFlags, PasswordFlags, ClientTrialFlags {
  readonly explicitPort?: number | "off";
  readonly implicitPort: number | "off";
  readonly targets?: string;
  readonly parallel: number;
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly anonymous?: boolean;
  readonly deep?: boolean;
  readonly write?: boolean;
  readonly user?: string;
  readonly only?: readonly string[];
  readonly timeout: number;
  readonly maxTime: number;
  readonly watch?: number;
  readonly policy?: string;
  readonly minGrade?: GradeLetter;
  readonly require?: readonly string[];
  readonly format?: ReportFormat;
  readonly jsonl?: boolean;
  readonly output?: string;
  readonly capture?: string;
  readonly includeSecrets?: boolean;
  readonly quiet?: boolean;
  readonly explain?: string;
}

const serverFlags = underHeading("SERVERS", {
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
  targets: textFlag("FILE", "Servers to inspect, HOST[:PORT] a line, perhaps with the implicit port behind"),
  parallel: {
    kind: "parsed",
    parse: parseCount,
    brief: "Servers at once",
    placeholder: "N",
    default: "4",
  },
  ca: caFlag,
  insecure: switchFlag("Give the password also to a server that no authority vouches for"),
  user: textFlag("NAME", "Who logs in, inside TLS, for the checks of the data connection"),
  ...passwordFlags,
} as const);

const checkFlags = underHeading("CHECKS", {
  only: {
    kind: "parsed",
    parse: parseCheckIds,
    brief: "Report these checks alone, as in P1,T1 or C",
    placeholder: "IDS",
    optional: true,
  },
  anonymous: switchFlag("Try whether anybody may log in as anonymous"),
  deep: switchFlag("Make the checks that take more connections, up to 400: every suite and group"),
  write: switchFlag("Make the checks that write, and remove what they made"),
  timeout: {
    kind: "parsed",
    parse: parseSeconds,
    brief: "Longest wait for each step",
    placeholder: "SECONDS",
    default: "10",
  },
  maxTime: {
    kind: "parsed",
    parse: parseLongSeconds,
    brief: "When no more connections to a server are begun",
    placeholder: "SECONDS",
    default: "300",
  },
  watch: {
    kind: "parsed",
    parse: parseLongSeconds,
    brief: "Inspect again after each pause of this length, and show what changed",
    placeholder: "SECONDS",
    optional: true,
  },
} as const);

const demandFlags = underHeading("DEMANDS", {
  minGrade: {
    kind: "parsed",
    parse: parseGrade,
    brief: "Least grade that is good enough (default: the policy's, else B)",
    placeholder: "GRADE",
    optional: true,
  },
  require: {
    kind: "parsed",
    parse: parseCheckIds,
    brief: "Checks that must be in order, whatever the grade",
    placeholder: "IDS",
    optional: true,
  },
  policy: textFlag("FILE", "What servers have to be like, in TOML or JSON"),
} as const);

const outputFlags = underHeading("OUTPUT", {
  format: {
    kind: "enum",
    values: reportFormatNames,
    brief: "Write the report in this form; --json is short for one of them",
    placeholder: "FORMAT",
    optional: true,
  },
  jsonl: switchFlag("Write a line of JSON for each server and each finding, as it comes"),
  output: textFlag("FILE", "With --format or --json: write the report there, replacing it at once"),
  capture: textFlag("FILE", "Write what went over the wire as pcapng, which Wireshark opens decrypted"),
  includeSecrets: switchFlag("With --capture: keep the keys of connections that carried a password, too"),
  quiet: switchFlag("Print the grade and its reasons alone"),
  explain: {
    kind: "parsed",
    parse: parseCheckId,
    brief: "Say what a check means, why, and how to mend what it finds; inspects nothing",
    placeholder: "ID",
    optional: true,
  },
} as const);

/** The flags of {@link InspectFlags}, under headings of their own. */
export const inspectFlags = {
  ...{ ...serverFlags, ...checkFlags, ...demandFlags, ...outputFlags },
  ...{ ...clientTrialFlags, ...commonFlags },
} as const;

function textFlag(placeholder: string, brief: string) {
  return { kind: "parsed", parse: parseText, brief, placeholder, optional: true } as const;
}
