import type { Octets } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import { exists } from "../operations/stat.ts";
import { freeName, type KnownFile, type OnConflict, resolveConflict } from "./conflict.ts";
import { remoteFacts } from "./remote-facts.ts";

/** What becomes of a file that is to get a name on a server. */
export type NameDecision =
  /** `goesOn`: behind the octets that are there. */
  { readonly name: Octets; readonly goesOn: boolean } | { readonly skipped: string };

/** Looks whether a name is taken, and decides by the policy. */
export async function decideName(
  connection: ClientConnection,
  name: Octets,
  source: KnownFile,
  { onConflict, signal }: { readonly onConflict: OnConflict; readonly signal: AbortSignal | undefined },
): Promise<NameDecision> {
  const free: NameDecision = { name, goesOn: false };
  if (onConflict === "overwrite") return free;
  const isTaken = (path: string): Promise<boolean> => exists(connection, path as Octets, { signal });
  if (!(await isTaken(name))) return free;
  const target = await remoteFacts(connection, name, { signal, withTime: () => true });
  const resolution = await resolveConflict(onConflict, { path: name, source, target });
  switch (resolution.kind) {
    case "skip":
      return { skipped: resolution.because };
    case "rename":
      return { name: (await freeName(name, isTaken)) as Octets, goesOn: false };
    case "continue":
      return { name, goesOn: true };
    case "replace":
      return free;
  }
}
