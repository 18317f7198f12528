import { checkIds, gradeLetters, namesCheck, type GradeLetter } from "@sallyport/inspector";
import { parseRemotePort, type ServerTarget } from "./explain-flags.ts";
import { shellWord } from "./shell-word.ts";

/** Parsers for `inspect`. What they throw completes the sentence "TARGET takes …, not "value"". */

/** What decides whether an inspection reaches its server and gets in. */
export interface AgainFlags {
  readonly explicitPort?: number | "off";
  readonly implicitPort: number | "off";
  readonly ca?: string;
  readonly state?: string;
  readonly insecure?: boolean;
  readonly anonymous?: boolean;
  readonly deep?: boolean;
  readonly write?: boolean;
  readonly user?: string;
  readonly passwordStdin?: boolean;
  readonly netrc?: string;
}

/** The command line that inspects the same server in the same way, without what only shapes the report. */
export function sameInspection({ host, port }: ServerTarget, flags: AgainFlags): string {
  const named = host.includes(":") ? `[${host}]` : host;
  const { explicitPort, implicitPort, ca, state, user, netrc } = flags;
  const values = {
    "--explicit-port": explicitPort === port ? undefined : explicitPort,
    "--implicit-port": implicitPort === 990 ? undefined : implicitPort,
    ...{ "--ca": ca, "--state": state, "--user": user, "--netrc": netrc },
  };
  const switches = {
    "--insecure": flags.insecure,
    "--password-stdin": flags.passwordStdin,
    "--anonymous": flags.anonymous,
    "--deep": flags.deep,
    "--write": flags.write,
  };
  const words = [
    ...["sallyport", "inspect", port === undefined ? host : `${named}:${port}`],
    ...Object.entries(values).flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)])),
    ...Object.entries(switches).flatMap(([flag, isOn]) => (isOn === true ? [flag] : [])),
  ];
  return words.map((word) => shellWord(word)).join(" ");
}

/** A port to connect to, or `off` to leave the mode out. */
export function parseRemotePortOrOff(text: string): number | "off" {
  return text === "off" ? "off" : parseRemotePort(text);
}

/** IDs of checks, or a letter for a family of them. */
export function parseCheckIds(text: string): readonly string[] {
  const names = text
    .toUpperCase()
    .split(",")
    .map((name) => name.trim());
  if (!names.every((name) => checkIds.some((id) => namesCheck(name, id)))) {
    throw new Error("checks with commas between, as in P1,T1 or C");
  }
  return names;
}

/** The ID of one check. */
export function parseCheckId(text: string): string {
  const name = text.toUpperCase();
  if (!checkIds.includes(name)) throw new Error("the ID of a check, as in D4");
  return name;
}

/** A span of time that may be a day. */
export function parseLongSeconds(text: string): number {
  const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds < 0.1 || seconds > 86_400) throw new Error("seconds from 0.1 to 86400");
  return seconds;
}

/** A letter of a grade. */
export function parseGrade(text: string): GradeLetter {
  const letter = gradeLetters.find((known) => known === text.toUpperCase());
  if (letter === undefined) throw new Error(`a grade: ${gradeLetters.join(", ")}`);
  return letter;
}
