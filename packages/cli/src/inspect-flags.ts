import { checkIds, gradeLetters, namesCheck, type GradeLetter } from "@sallyport/inspector";
import { parseHost, parseRemotePort } from "./explain-flags.ts";

/** Parsers for `inspect`. What they throw completes the sentence "TARGET takes …, not "value"". */

/** A server to inspect. */
export interface InspectTarget {
  readonly host: string;
  readonly port?: number;
}

/** `HOST`, `HOST:PORT` or `[ADDRESS]:PORT`; an IPv6 address without brackets has no port. */
export function parseTarget(text: string): InspectTarget {
  const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? name;
  if (host === undefined || port === undefined) return { host: parseHost(text) };
  return { host: parseHost(host), port: parseRemotePort(port) };
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

/** A letter of a grade. */
export function parseGrade(text: string): GradeLetter {
  const letter = gradeLetters.find((known) => known === text.toUpperCase());
  if (letter === undefined) throw new Error(`a grade: ${gradeLetters.join(", ")}`);
  return letter;
}
