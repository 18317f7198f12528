import { CommandRefused, isSallyportError, type Octets, type ReceivedReply } from "@sallyport/protocol";

/** The reply with which the server said no to a command, or undefined for any other error. */
export function refusalOf(error: unknown): ReceivedReply | undefined {
  if (!(error instanceof CommandRefused) && !(isSallyportError(error) && "reply" in error)) return undefined;
  return (error as { reply?: ReceivedReply }).reply;
}

/** Whether the server does not know the command, or not in this form (RFC 959 §4.2). */
export function isUnsupported(error: unknown): boolean {
  const code = refusalOf(error)?.code;
  return code !== undefined && unsupportedCodes.has(code);
}

const unsupportedCodes: ReadonlySet<number> = new Set([500, 501, 502, 503, 504, 202]);

/** Whether the server refused because of the path: it is not there, or not of that kind, or not for this login. */
export function isAboutPath(error: unknown): boolean {
  const code = refusalOf(error)?.code;
  return code !== undefined && pathCodes.has(code);
}

const pathCodes: ReadonlySet<number> = new Set([450, 550, 553]);

/** The verb of the command that failed, where one did. */
export function verbOf(error: unknown): string | undefined {
  const command = error instanceof Error && "command" in error ? (error.command as Octets | undefined) : undefined;
  return command?.split(" ", 1)[0];
}

/** Returns what the promise gives, or undefined where the server said no; other failures are thrown. */
export async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    return undefined;
  }
}
