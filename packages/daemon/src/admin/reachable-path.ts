import { closeSync, constants, existsSync, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { ConfigError } from "@sallyport/protocol";

/** A path by which a Unix socket can be bound or connected to, as long as it is not disposed of. */
export interface ReachablePath extends Disposable {
  readonly path: string;
}

/** What fits into sun_path of Linux with its NUL (unix(7)). */
const pathBytesMax = 107;

const ownDescriptors = "/proc/self/fd";

/**
 * Makes a path short enough for a socket: a long one is reached through a handle of its directory.
 *
 * @throws {ConfigError} SALLYPORT_ADMIN_PATH_TOO_LONG where the system has no such handles; the system's error where the
 *   directory cannot be opened.
 */
export function reachablePath(path: string): ReachablePath {
  const bytes = Buffer.byteLength(path);
  if (bytes <= pathBytesMax) return { path, [Symbol.dispose]: () => undefined };
  if (!existsSync(ownDescriptors)) {
    const message = `The path ${path} has ${bytes} octets and a socket's may have ${pathBytesMax}: name a shorter state directory with --state.`;
    throw new ConfigError("SALLYPORT_ADMIN_PATH_TOO_LONG", message);
  }
  const descriptor = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `${ownDescriptors}/${descriptor}/${basename(path)}`, [Symbol.dispose]: () => closeSync(descriptor) };
}
