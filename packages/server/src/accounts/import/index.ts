import { parseHtpasswd } from "./htpasswd.ts";
import type { ImportParser } from "./imported-accounts.ts";
import { parseProftpdPasswd } from "./proftpd-passwd.ts";
import { parsePureFtpdPasswd } from "./pureftpd-passwd.ts";
import { parseVsftpdList } from "./vsftpd-list.ts";

export {
  acceptedAccounts,
  type ImportComplaint,
  type ImportedAccounts,
  type ImportOptions,
  type ImportParser,
} from "./imported-accounts.ts";

/** Which program wrote an account file. */
export type ImportFormat = "htpasswd" | "proftpd" | "pureftpd" | "vsftpd";

/** The parser of each format. */
export const importParsers: Readonly<Record<ImportFormat, ImportParser>> = {
  htpasswd: parseHtpasswd,
  proftpd: parseProftpdPasswd,
  pureftpd: parsePureFtpdPasswd,
  vsftpd: parseVsftpdList,
};
