/** What the process ends with (BSD sysexits.h where that has a number for it), with what each means and an example. */
const exitCodeRows = {
  ok: [0, "Done", ""],
  /** The command did its work and the answer is no; or a failure of ours. */
  failure: [1, "The answer is no, or a failure", "`explain` found a mode that gives a login away; `raw` was refused"],
  usage: [64, "The command line is wrong", "an unknown flag, two that contradict, a URL that is none"],
  integrity: [65, "What arrived is not what was sent", "the checksum of a transfer differs"],
  notFound: [
    66,
    "A file or directory that was named is missing or not readable, here or on the server",
    "`get` of a name that is not there",
  ],
  noUser: [67, "There is no such account, or the server refused the login", "a wrong password; `user remove nobody`"],
  unavailable: [69, "Occupied, down or out of reach", "an unknown host, a port where nobody listens"],
  software: [70, "A bug", ""],
  cannotCreate: [
    73,
    "A file cannot be made or written, here or on the server",
    "the disk is full; `put` of a name that is taken",
  ],
  partial: [
    75,
    "Some of it was transferred and some was not: the same command again does the rest",
    "a connection that was lost in the middle",
  ],
  protocol: [
    76,
    "The other end does not speak FTP or TLS as it should",
    "a TLS port taken for a plain one; a server without TLS",
  ],
  noPermission: [
    77,
    "This is not permitted, by the system or by the server",
    "port 21 without the right to it; `put` into a read-only directory",
  ],
  configuration: [
    78,
    "A certificate, a setting or the accounts database is wrong",
    "a key that belongs to another certificate",
  ],
  /** Behind the numbers of sysexits.h, which has none for it. */
  untrusted: [
    79,
    "The server cannot prove who it is",
    "a certificate that no trusted authority signed, or another than last time",
  ],
  /** 128 and the number of SIGINT, as shells have it. */
  interrupted: [130, "Ended by Ctrl-C", ""],
  /** The same for SIGTERM. */
  terminated: [143, "Ended by SIGTERM", "`timeout 60 sallyport get …`"],
} as const satisfies Record<string, readonly [code: number, meaning: string, example: string]>;

type ExitCodeName = keyof typeof exitCodeRows;
export type ExitCode = (typeof exitCodeRows)[ExitCodeName][0];

/** Every exit code by its name. */
export const exitCodes = Object.fromEntries(
  Object.entries(exitCodeRows).map(([name, [code]]) => [name, code]),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys and codes are those of the table
) as { readonly [Name in ExitCodeName]: (typeof exitCodeRows)[Name][0] };

/** Every exit code with what it means and an example, for the reference. */
export const exitCodeMeanings: readonly (readonly [code: ExitCode, meaning: string, example: string])[] =
  Object.values(exitCodeRows);

/** Families of error codes, longest prefix first where one begins with another. */
const codes: readonly (readonly [prefix: string, exitCode: ExitCode])[] = [
  ["SALLYPORT_USAGE", exitCodes.usage],
  ["SALLYPORT_CERTIFICATE_FOREIGN", exitCodes.cannotCreate],
  ["SALLYPORT_STATE_MISSING", exitCodes.notFound],
  ["SALLYPORT_STATE_NOT_A_DIRECTORY", exitCodes.cannotCreate],
  ["SALLYPORT_STATE_UNWRITABLE", exitCodes.cannotCreate],
  ["SALLYPORT_STATE_WRONG_OWNER", exitCodes.noPermission],
  ["SALLYPORT_STATE_IN_USE", exitCodes.unavailable],
  ["SALLYPORT_SERVER", exitCodes.unavailable],
  ["SALLYPORT_ADMIN_FORBIDDEN", exitCodes.noPermission],
  ["SALLYPORT_ADMIN", exitCodes.unavailable],
  ["SALLYPORT_ROOT_MISSING", exitCodes.notFound],
  ["SALLYPORT_ROOT_UNREADABLE", exitCodes.notFound],
  ["SALLYPORT_ROOT_UNWRITABLE", exitCodes.cannotCreate],
  ["SALLYPORT_INPUT_UNREADABLE", exitCodes.notFound],
  ["SALLYPORT_EXPLANATION_UNWRITABLE", exitCodes.cannotCreate],
  ["SALLYPORT_REPORT_UNWRITABLE", exitCodes.cannotCreate],
  ["SALLYPORT_LOG_UNWRITABLE", exitCodes.cannotCreate],
  ["SALLYPORT_PORT_OCCUPIED", exitCodes.unavailable],
  ["SALLYPORT_ADDRESS_UNAVAILABLE", exitCodes.unavailable],
  ["SALLYPORT_PORT_FORBIDDEN", exitCodes.noPermission],
  ["SALLYPORT_ROOT_REFUSED", exitCodes.noPermission],
  ["SALLYPORT_RUN_AS_FORBIDDEN", exitCodes.noPermission],
  ["SALLYPORT_PROGRAM_UNREACHABLE", exitCodes.noPermission],
  ["SALLYPORT_CONFIG_ACCOUNTS_MISSING", exitCodes.notFound],
  ["SALLYPORT_CONFIG_ACCOUNTS_UNREADABLE", exitCodes.notFound],
  ["SALLYPORT_ACCOUNT_NOT_FOUND", exitCodes.noUser],
  ["SALLYPORT_ACCOUNT_EXISTS", exitCodes.cannotCreate],
  ["SALLYPORT_ACCOUNT_BUSY", exitCodes.unavailable],
  ["SALLYPORT_ACCOUNT_FAILED", exitCodes.configuration],
  ["SALLYPORT_ACCOUNT", exitCodes.usage],
  ["SALLYPORT_TRANSPORT", exitCodes.unavailable],
  ["SALLYPORT_URL_INVALID", exitCodes.usage],
  ["SALLYPORT_BOOKMARK_EXISTS", exitCodes.cannotCreate],
  ["SALLYPORT_BOOKMARK_NOT_FOUND", exitCodes.notFound],
  ["SALLYPORT", exitCodes.configuration],
];

/** The exit code for an error: the one it carries, else by its code; anything that is not ours is a bug. */
export function exitCodeFor(error: unknown): ExitCode {
  if (error instanceof Error && "exitCode" in error) {
    const known = exitCodeMeanings.find(([code]) => code === error.exitCode);
    if (known !== undefined) return known[0];
  }
  const code = sallyportCode(error);
  if (code === undefined) return exitCodes.software;
  return codes.find(([prefix]) => code.startsWith(prefix))?.[1] ?? exitCodes.software;
}

/** Commands that scripts know by codes of their own, and what stands there for those of every other. */
const ownCodes: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  inspect: { [exitCodes.usage]: 2, [exitCodes.notFound]: 2, [exitCodes.configuration]: 2 },
};

/** The exit code of a command. */
export function exitCodeOfCommand(command: string | undefined, code: number): number {
  return (command === undefined ? undefined : ownCodes[command])?.[code] ?? code;
}

/** The stable code of an error of ours; asked without loading the class, because most commands never fail. */
export function sallyportCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("SALLYPORT_") ? code : undefined;
}
