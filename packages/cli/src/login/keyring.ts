import { execFile } from "node:child_process";

/** Whose password is looked for. */
export interface KeyringItem {
  readonly host: string;
  readonly user: string;
}

/** Long enough for a person to unlock a keyring. */
const unlockMs = 60_000;

/**
 * Asks the keyring of the desktop for a password: on Linux `secret-tool lookup service sallyport server HOST user USER`
 * (libsecret) where there is a desktop bus, on macOS `security find-internet-password -s HOST -a USER -w`. Neither has to
 * be there: where the program is missing or knows nothing, there is no password.
 */
export async function keyringPassword(item: KeyringItem): Promise<string | undefined> {
  const lookup = lookups[process.platform]?.(item);
  // A name that begins with a dash would be taken for a flag.
  if (lookup === undefined || item.user.startsWith("-")) return undefined;
  const [program, words] = lookup;
  const told = await new Promise<string>((resolve) => {
    execFile(program, words, { timeout: unlockMs, maxBuffer: 65_536, windowsHide: true }, (error, stdout) => {
      resolve(error === null ? stdout : "");
    });
  });
  const password = told.replace(/\r?\n$/, "");
  return password === "" ? undefined : password;
}

const lookups: Partial<Record<string, (item: KeyringItem) => readonly [string, readonly string[]] | undefined>> = {
  linux: ({ host, user }) =>
    process.env["DBUS_SESSION_BUS_ADDRESS"] === undefined
      ? undefined
      : ["secret-tool", ["lookup", "service", "sallyport", "server", host, "user", user]],
  darwin: ({ host, user }) => ["security", ["find-internet-password", "-s", host, "-a", user, "-w"]],
};
