import { buildApplication, buildRouteMap, run, type ApplicationContext } from "@stricli/core";
import { loadRoutes } from "./command-table.ts";
import type { CommandTarget } from "./command-target.ts";
import { exitCodeFor, exitCodeOfCommand } from "./exit-codes.ts";
import { failureText, failureTexts } from "./failure.ts";
import { helpFlag } from "./help.ts";
import { firstMessageOnly, ownExitCode } from "./scanner.ts";
import { versionFlag } from "./version.ts";

/** Runs one command line and returns the exit code; says at most one sentence when something is wrong. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  const verbose = words.includes("--verbose");
  return exitCodeOfCommand(words[0], await runToCode(words, verbose));
}

async function runToCode(words: readonly string[], verbose: boolean): Promise<number> {
  try {
    return await runApplication(spelledHelp(words), verbose);
  } catch (error) {
    process.stderr.write(`${failureText(error, verbose)}\n`);
    return exitCodeFor(error);
  }
}

/** `sallyport help COMMAND` is `sallyport COMMAND --help`. */
function spelledHelp(words: readonly string[]): readonly string[] {
  const [first, ...command] = words;
  return first === "help" ? [...command, "--help"] : words;
}

async function runApplication(words: readonly string[], verbose: boolean): Promise<number> {
  const routes = await loadRoutes(words[0]);
  const command = ["sallyport", ...calledNames(routes, words)].join(" ");
  const application = buildApplication(
    buildRouteMap({
      routes,
      docs: {
        brief: "FTPS in both modes: server, client, accounts, certificates, and what an observer sees",
        fullDescription: [
          "FTPS in both modes: server, client, accounts, certificates, and what an observer sees.",
          "",
          "  sallyport start                     try it: prints how to connect",
          "  sallyport serve DIR                 serve a directory",
          "  sallyport user add NAME             let somebody in",
          "  sallyport ls|get|put … URL          be a client of any server",
          "  sallyport help COMMAND              what a command does and takes, as its --help",
          "",
          "Exit codes: 0 done, 1 failed, 64 wrong command line, 65 damaged on the way, 66 not found or not readable,",
          "67 login refused or no such account, 69 occupied or out of reach, 70 a bug, 73 cannot write, 75 done in part,",
          "76 not FTP or TLS as it should be, 77 not permitted, 78 wrong certificate, setting or database, 79 server not",
          "trusted, 130 Ctrl-C, 143 SIGTERM.",
        ].join("\n"),
      },
    }),
    {
      name: "sallyport",
      scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
      localization: { text: failureTexts({ command, verbose }) },
      determineExitCode: exitCodeFor,
    },
    {
      help: helpFlag,
      version: versionFlag,
    },
  );
  const context: ApplicationContext = {
    process: { stdout: process.stdout, stderr: firstMessageOnly(process.stderr), env: process.env },
  };
  await run(application, words, context);
  return ownExitCode(Number(context.process.exitCode ?? 0));
}

/** The words that name a command, as far as they do; for hints. */
function calledNames(routes: Readonly<Record<string, CommandTarget>>, words: readonly string[]): string[] {
  const [first = "", second = ""] = words;
  const target = Object.hasOwn(routes, first) ? routes[first] : undefined;
  if (target === undefined) return [];
  const isGroup = "getRoutingTargetForInput" in target;
  return isGroup && target.getRoutingTargetForInput(second) !== undefined ? [first, second] : [first];
}
