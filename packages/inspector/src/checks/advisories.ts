/** A release of a server with a published flaw that a stranger can use, and that its greeting tells. */
export interface Advisory {
  readonly product: string;
  /** Finds the version in a greeting. */
  readonly greeting: RegExp;
  /** Versions that have the flaw, from and before; `before` alone means all before it. */
  readonly from?: string;
  readonly before: string;
  readonly name: string;
  readonly flaw: string;
  /** Who has it is owned, or may be by the next who asks. */
  readonly isBackdoor: boolean;
}

/**
 * Flaws of FTP servers by the version that they greet with, from the CVE list; distributions mend them without a new
 * version, so that a match is a reason to look, and only a backdoor one for the worst grade.
 */
const advisories: readonly Advisory[] = [
  {
    ...{ product: "vsftpd", greeting: /vsFTPd (?<version>\d+(?:\.\d+)*)/i, from: "2.3.4", before: "2.3.5" },
    ...{ name: "CVE-2011-2523", flaw: "copies of the source had a backdoor that opens a shell on port 6200" },
    isBackdoor: true,
  },
  {
    ...{ product: "ProFTPD", greeting: /ProFTPD (?<version>\d+(?:\.\d+)*c)\b/i, from: "1.3.3c", before: "1.3.3d" },
    ...{ name: "CVE-2010-20103", flaw: "copies of the source had a backdoor behind HELP ACIDBITCHEZ" },
    isBackdoor: true,
  },
  {
    ...{ product: "ProFTPD", greeting: /ProFTPD (?<version>\d+(?:\.\d+)*[a-z]?)/i, from: "1.3.5", before: "1.3.5a" },
    ...{ name: "CVE-2015-3306", flaw: "mod_copy copies files for strangers" },
    isBackdoor: false,
  },
  {
    ...{ product: "ProFTPD", greeting: /ProFTPD (?<version>\d+(?:\.\d+)*[a-z]?)/i, before: "1.3.6c" },
    ...{ name: "CVE-2020-9273", flaw: "memory is used after it was given back when a transfer is broken off" },
    isBackdoor: false,
  },
  {
    ...{ product: "Pure-FTPd", greeting: /Pure-FTPd (?<version>\d+(?:\.\d+)*)/i, before: "1.0.30" },
    ...{ name: "CVE-2011-1575", flaw: "commands in clear behind AUTH TLS are obeyed inside TLS" },
    isBackdoor: false,
  },
  {
    ...{ product: "Pure-FTPd", greeting: /Pure-FTPd (?<version>\d+(?:\.\d+)*)/i, from: "1.0.23", before: "1.0.50" },
    ...{ name: "CVE-2021-40524", flaw: "a quota does not hold uploads back" },
    isBackdoor: false,
  },
  {
    ...{ product: "FileZilla Server", greeting: /FileZilla Server (?:version )?(?<version>\d+(?:\.\d+)*)/i },
    ...{ before: "0.9.44", name: "CVE-2014-0160", flaw: "its OpenSSL shows memory to whoever asks (Heartbleed)" },
    isBackdoor: false,
  },
];

/** The advisories that a greeting is matched by. */
export function advisoriesFor(line: string): readonly Advisory[] {
  return advisories.filter(({ greeting, from, before }) => {
    const version = greeting.exec(line)?.groups?.["version"];
    if (version === undefined) return false;
    return compareVersions(version, before) < 0 && (from === undefined || compareVersions(version, from) >= 0);
  });
}

/** Numbers by their size, and a letter behind the last one by the alphabet. */
function compareVersions(one: string, other: string): number {
  const [left, right] = [one, other].map((version) => version.match(/\d+|[a-z]/gi) ?? []);
  for (const [at, part] of (left ?? []).entries()) {
    const against = right?.[at];
    if (against === undefined) return 1;
    const difference =
      /\d/.test(part) && /\d/.test(against) ? Number(part) - Number(against) : part.localeCompare(against);
    if (difference !== 0) return difference;
  }
  return (left?.length ?? 0) - (right?.length ?? 0);
}
