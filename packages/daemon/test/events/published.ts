import { randomUUIDv7 } from "node:crypto";
import { octetsFromText, type VirtualPath } from "@sallyport/protocol";
import type { ServerEvent } from "@sallyport/server";

type Transfer = Extract<ServerEvent, { readonly kind: "transfer" }>;

/** The event of an upload to a path given as text, whole unless told otherwise. */
export function uploadEvent(path: string, changes: Partial<Transfer> = {}): Transfer {
  return {
    kind: "transfer",
    atMs: Date.now(),
    connection: 7,
    remoteAddress: "192.0.2.7",
    remotePort: 40_000,
    account: "alice",
    home: octetsFromText("/home/alice") as VirtualPath,
    verb: "STOR",
    direction: "upload",
    path: octetsFromText(path) as VirtualPath,
    bytes: 3,
    startedAtMs: Date.now() - 5,
    durationMs: 5,
    complete: true,
    type: "I",
    protectionLevel: "P",
    anonymous: false,
    published: { id: randomUUIDv7(), sizeBytes: 3, replaced: false, sha256: "ab".repeat(32) },
    ...changes,
  };
}
