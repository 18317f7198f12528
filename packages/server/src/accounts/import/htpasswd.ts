import {
  accountLines,
  collectLines,
  type ImportedAccounts,
  importedHash,
  type ImportOptions,
  LineError,
} from "./imported-accounts.ts";

/**
 * Reads an Apache htpasswd file: `name:hash`, and nginx's `name:hash:comment`. Homes and limits are not in it, so that
 * each account gets the defaults. MD5, bcrypt, SHA-1 and the SHA-crypt hashes are taken over; DES and plain text are not.
 */
export function parseHtpasswd(text: string, options: ImportOptions): ImportedAccounts {
  return collectLines(
    accountLines(text),
    (line) => {
      const [name = "", hash, ...comment] = line.split(":");
      if (hash === undefined) return new LineError("there is no colon between name and hash");
      const password = importedHash(hash.trim(), options.limits);
      if (password instanceof LineError) return password;
      const warnings = comment.length > 0 ? ["the comment is not carried over"] : [];
      return { account: { name, ...password }, warnings };
    },
    options,
  );
}
