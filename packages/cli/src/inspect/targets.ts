import { UsageError } from "@sallyport/protocol";
import { parseTarget, type ServerTarget } from "../explain-flags.ts";
import { parseRemotePortOrOff } from "../inspect-flags.ts";

/** A server to inspect, as it was named. */
export interface InspectTarget extends ServerTarget {
  /** Where the file of targets names one. */
  readonly implicitPort?: number | "off";
}

/** More are no list that a person keeps; each takes up to 40 connections. */
const targetsMax = 1000;

/**
 * Every server that is named, on the command line or in the file, each once.
 *
 * @throws {UsageError} SALLYPORT_USAGE where none is named, too many are, or a line of the file is none.
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE for a file that cannot be read.
 */
export async function namedTargets(
  words: readonly ServerTarget[],
  file: string | undefined,
): Promise<readonly InspectTarget[]> {
  const listed = file === undefined ? [] : await targetsOf(file);
  const all = new Map<string, InspectTarget>([...words, ...listed].map((target) => [nameOf(target), target]));
  if (all.size === 0) throw new UsageError("SALLYPORT_USAGE", "HOST is missing: name a server, or --targets FILE.");
  if (all.size > targetsMax) {
    throw new UsageError(
      "SALLYPORT_USAGE",
      `${all.size} servers are more than the ${targetsMax} of one run: split them.`,
    );
  }
  return [...all.values()];
}

/** A target as it is written on a command line. */
export function nameOf({ host, port }: ServerTarget): string {
  if (port === undefined) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

async function targetsOf(file: string): Promise<readonly InspectTarget[]> {
  const { readSmallFile } = await import("@sallyport/daemon/config");
  const text = readSmallFile(file, { what: "file of targets", advice: "split it" });
  return text.split("\n").flatMap((line, index) => {
    const words = line.replace(/#.*/, "").trim().split(/\s+/).filter(Boolean);
    return words.length === 0 ? [] : [targetOfLine(words, `${file}:${index + 1}`)];
  });
}

/** `HOST[:PORT]`, and behind it the implicit port where that is not the command line's. */
function targetOfLine([name = "", implicitPort, ...rest]: readonly string[], place: string): InspectTarget {
  try {
    if (rest.length > 0) throw new Error("HOST[:PORT], and behind it at most the implicit port");
    const target = parseTarget(name);
    return implicitPort === undefined ? target : { ...target, implicitPort: parseRemotePortOrOff(implicitPort) };
  } catch (error) {
    const wanted = error instanceof Error ? error.message : "another one";
    throw new UsageError("SALLYPORT_USAGE", `In ${place}: a target is ${wanted}.`, { cause: error });
  }
}
