/** What the process ends with (BSD sysexits.h), documented in `sallyport --help`. */
export const exitCodes = {
  ok: 0,
  /** The command did its work and the answer is no; or a failure of ours. */
  failure: 1,
  /** The command line is wrong. */
  usage: 64,
  /** A file that was named does not exist or cannot be read. */
  noInput: 66,
  /** There is no such account. */
  noUser: 67,
  /** Something outside is occupied, down or out of reach. */
  unavailable: 69,
  /** A bug of ours. */
  software: 70,
  /** A file or directory cannot be created or written. */
  cannotCreate: 73,
  /** The system does not let this user do that. */
  noPermission: 77,
  /** A stored setting, certificate or database is wrong. */
  configuration: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Families of error codes, longest prefix first where one begins with another. */
const codes: readonly (readonly [prefix: string, exitCode: ExitCode])[] = [
  ["SALLYPORT_USAGE", exitCodes.usage],
  ["SALLYPORT_CERTIFICATE_FOREIGN", exitCodes.cannotCreate],
  ["SALLYPORT_STATE_MISSING", exitCodes.noInput],
  ["SALLYPORT_STATE_NOT_A_DIRECTORY", exitCodes.cannotCreate],
  ["SALLYPORT_STATE_UNWRITABLE", exitCodes.cannotCreate],
  ["SALLYPORT_STATE_WRONG_OWNER", exitCodes.noPermission],
  ["SALLYPORT_STATE_IN_USE", exitCodes.unavailable],
  ["SALLYPORT_SERVER", exitCodes.unavailable],
  ["SALLYPORT_ADMIN_FORBIDDEN", exitCodes.noPermission],
  ["SALLYPORT_ADMIN", exitCodes.unavailable],
  ["SALLYPORT_ROOT_MISSING", exitCodes.noInput],
  ["SALLYPORT_ROOT_UNREADABLE", exitCodes.noInput],
  ["SALLYPORT_ROOT_UNWRITABLE", exitCodes.cannotCreate],
  ["SALLYPORT_INPUT_UNREADABLE", exitCodes.noInput],
  ["SALLYPORT_LOG_UNWRITABLE", exitCodes.cannotCreate],
  ["SALLYPORT_PORT_OCCUPIED", exitCodes.unavailable],
  ["SALLYPORT_ADDRESS_UNAVAILABLE", exitCodes.unavailable],
  ["SALLYPORT_PORT_FORBIDDEN", exitCodes.noPermission],
  ["SALLYPORT_ROOT_REFUSED", exitCodes.noPermission],
  ["SALLYPORT_RUN_AS_FORBIDDEN", exitCodes.noPermission],
  ["SALLYPORT_CONFIG_ACCOUNTS_MISSING", exitCodes.noInput],
  ["SALLYPORT_CONFIG_ACCOUNTS_UNREADABLE", exitCodes.noInput],
  ["SALLYPORT_ACCOUNT_NOT_FOUND", exitCodes.noUser],
  ["SALLYPORT_ACCOUNT_EXISTS", exitCodes.cannotCreate],
  ["SALLYPORT_ACCOUNT_BUSY", exitCodes.unavailable],
  ["SALLYPORT_ACCOUNT_FAILED", exitCodes.configuration],
  ["SALLYPORT_ACCOUNT", exitCodes.usage],
  ["SALLYPORT_TRANSPORT", exitCodes.unavailable],
  ["SALLYPORT", exitCodes.configuration],
];

/** The exit code for an error; anything that is not ours is a bug. */
export function exitCodeFor(error: unknown): ExitCode {
  const code = sallyportCode(error);
  if (code === undefined) return exitCodes.software;
  return codes.find(([prefix]) => code.startsWith(prefix))?.[1] ?? exitCodes.software;
}

/** The stable code of an error of ours; asked without loading the class, because most commands never fail. */
export function sallyportCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("SALLYPORT_") ? code : undefined;
}
