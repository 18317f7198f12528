import {
  collectLines,
  type ImportedAccounts,
  type ImportOptions,
  LineError,
  numberedLines,
} from "./imported-accounts.ts";

/**
 * Reads the list from which db_load makes the database of vsftpd's virtual users (pam_userdb): a line with the name, a
 * line with the password in clear, and so on. The passwords are hashed when the accounts are added; the list itself
 * should be destroyed then.
 */
export function parseVsftpdList(text: string, options: ImportOptions): ImportedAccounts {
  const { passwordBytes } = options.limits;
  return collectLines(
    pairs(text),
    (pair) => {
      const [name = "", password] = pair.split("\n");
      if (password === undefined) return new LineError("the name is not followed by a line with its password");
      if (password === "") return new LineError("the password is empty");
      if (Buffer.byteLength(password, "utf8") > passwordBytes) {
        return new LineError(`the password is longer than ${passwordBytes} octets`);
      }
      return { account: { name, password }, warnings: [] };
    },
    options,
  );
}

/** Two lines at a time, under the number of the first; empty lines at the end are none. */
function* pairs(text: string): Generator<readonly [line: number, text: string]> {
  const lines = [...numberedLines(text.replace(/[\r\n]+$/, ""))];
  if (lines.length === 1 && lines[0]?.[1] === "") return;
  for (let at = 0; at < lines.length; at += 2) {
    const [name, password] = lines.slice(at, at + 2);
    if (name === undefined) return;
    yield [name[0], password === undefined ? name[1] : `${name[1]}\n${password[1]}`];
  }
}
