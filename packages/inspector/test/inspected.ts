import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { inspect, type Finding, type InspectOptions, type InspectReport } from "@sallyport/inspector";
import type { Peer } from "@sallyport/testing";

/** Inspects a server of another vendor with a login. */
export function inspectPeer(peer: Peer, options: InspectOptions = {}): Promise<InspectReport> {
  const { user, password, explicitPort, implicitPort = "off" } = peer;
  return inspected(peer.host, {
    ports: { explicit: explicitPort, implicit: implicitPort },
    ca: readFileSync(peer.caFile, "latin1"),
    credentials: { user, password },
    timeoutMs: 20_000,
    ...options,
  });
}

/** Inspects what has to be there. */
async function inspected(host: string, options: InspectOptions): Promise<InspectReport> {
  const found = await inspect(host, options);
  if ("kind" in found) return assert.fail(JSON.stringify(found));
  return found;
}

/** IDs of everything that is to be mended, each once, in their order. */
export function faultsOf({ findings }: InspectReport): readonly string[] {
  return [...new Set(findings.filter(isFault).map(({ id }) => id))];
}

export function isFault({ status }: Finding): boolean {
  return status === "fail" || status === "warn";
}
