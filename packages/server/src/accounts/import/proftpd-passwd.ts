import {
  accountLines,
  collectLines,
  fieldsError,
  type ImportedAccounts,
  importedHash,
  importedHome,
  type ImportOptions,
  LineError,
} from "./imported-accounts.ts";

/**
 * Reads a ProFTPD AuthUserFile: `name:hash:uid:gid:gecos:home:shell`, as ftpasswd writes it. Users and groups of the
 * system and the shell have no meaning here: all files belong to the server's own user.
 */
export function parseProftpdPasswd(text: string, options: ImportOptions): ImportedAccounts {
  return collectLines(
    accountLines(text),
    (line) => {
      const fields = line.split(":");
      if (fields.length !== 7) return fieldsError(fields.length, 7);
      const [name = "", hash = "", userId = "", groupId = "", , homeText = ""] = fields;
      if (!/^\d+$/.test(userId) || !/^\d+$/.test(groupId)) return new LineError("user or group is not a number");
      const password = importedHash(hash, options.limits);
      if (password instanceof LineError) return password;
      const home = importedHome(homeText, options);
      if (home instanceof LineError) return home;
      const warnings = password.enabled === false ? ["locked, and imported so"] : [];
      return { account: { name, ...password, home }, warnings };
    },
    options,
  );
}
