import { ConfigError } from "@sallyport/protocol";

/** The error for a file that was named and cannot be read, with the system's reason; `name` as it may be shown. */
export function unreadableFile(name: string, cause: unknown): ConfigError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const why = reasons[code];
  const message = `${name} cannot be read${why === undefined ? "" : `: ${why}`}.`;
  return new ConfigError("SALLYPORT_INPUT_UNREADABLE", message, { cause });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  EISDIR: "it is a directory",
};
