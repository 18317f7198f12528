import { ClientFailure, clientFailure } from "./client-failure.ts";

/**
 * Whether the same command would fail again in the same way: the server has said so (5yz, RFC 959 §4.2.1), or the name
 * is one that a side cannot have.
 */
export function isLasting(error: unknown): boolean {
  const failure = clientFailure(error);
  if (!(failure instanceof ClientFailure)) return false;
  return (failure.reply?.code ?? 0) >= 500 || lastingCodes.has(failure.code);
}

const lastingCodes: ReadonlySet<string> = new Set([
  "SALLYPORT_FORBIDDEN_CHARACTER",
  "SALLYPORT_NAME_UNENCODABLE",
  "SALLYPORT_NAME_UNSAFE",
  "SALLYPORT_LOCAL_NAME",
]);

/** How many failed, and what the same command does about them; `lasting` of them nothing. */
export function failedText(
  failed: string,
  { count, lasting }: { readonly count: number; readonly lasting: number },
): string {
  if (lasting === 0) return `${failed} failed: the same command again does the rest`;
  if (lasting === count) return `${failed} failed, and would again`;
  return `${failed} failed, ${lasting} of which would again: the same command again does the rest`;
}
