import { ConfigError } from "@sallyport/protocol";
import { findUser, isRoot, type RunAs } from "./privileges.ts";
import { requireProgramFiles } from "./program-files.ts";
import type { ServiceSettings } from "./settings.ts";

/**
 * Finds the user that a service becomes, and checks that it can: the process may become that user, and the program goes
 * on loading its files as that user. Changes nothing, so that it can be asked before anything is written.
 *
 * @returns undefined where the service stays who it is.
 * @throws {ConfigError} SALLYPORT_ROOT_REFUSED, SALLYPORT_RUN_AS_FORBIDDEN, SALLYPORT_RUN_AS_UNKNOWN,
 *   SALLYPORT_PROGRAM_UNREACHABLE.
 */
export function checkServiceUser(
  settings: Pick<ServiceSettings, "runAs" | "allowRoot" | "visitors" | "workersCount">,
): RunAs | undefined {
  const user = chooseUser(settings);
  if (user !== undefined)
    requireProgramFiles(user, `The user ${user.name}`, { forks: (settings.workersCount ?? 1) > 1 });
  return user;
}

function chooseUser({
  runAs,
  allowRoot,
  visitors,
}: Pick<ServiceSettings, "runAs" | "allowRoot" | "visitors">): RunAs | undefined {
  if (runAs !== undefined && !isRoot()) {
    const message = `Only root can become another user: start as root, or leave out --run-as ${runAs}.`;
    throw new ConfigError("SALLYPORT_RUN_AS_FORBIDDEN", message);
  }
  if (runAs !== undefined) return findUser(runAs);
  if (!isRoot() || allowRoot) return undefined;
  // For strangers there is no such flag.
  const or = visitors === undefined ? ", or say --allow-root if it must" : "";
  const message = `A server does not run as root: name an ordinary user with --run-as${or}.`;
  throw new ConfigError("SALLYPORT_ROOT_REFUSED", message);
}
