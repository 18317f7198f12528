import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { TlsOptions } from "node:tls";
import { handshakeTypes } from "@sallyport/protocol";
import { makeTestIdentity, needs } from "@sallyport/testing";
import { ownAccounts, tsharkAccounts, type Accounts } from "./account.ts";
import type { ForeignClient } from "./foreign-clients.ts";
import { startRecordingServer } from "./recording-server.ts";

const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });
const tlsOf = { key: identity.key, cert: identity.certificate };

/** Servers that lead to each kind of handshake. */
const servers: readonly {
  readonly name: string;
  readonly options: TlsOptions;
  readonly kind: "tls12" | "tls13" | "retry";
}[] = [
  { name: "TLS 1.2", options: { ...tlsOf, maxVersion: "TLSv1.2" }, kind: "tls12" },
  { name: "TLS 1.3", options: { ...tlsOf, minVersion: "TLSv1.3" }, kind: "tls13" },
  {
    name: "TLS 1.3 with HelloRetryRequest",
    options: { ...tlsOf, minVersion: "TLSv1.3", ecdhCurve: "secp521r1:secp384r1" },
    kind: "retry",
  },
];

/** Registers the tests: each client on each server, every octet accounted for, and alike by tshark. */
export function testForeignHandshakes(clients: readonly ForeignClient[]): void {
  const scratch = mkdtempSync(join(tmpdir(), "sallyport-handshakes-"));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  for (const client of clients) {
    describe(`handshakes of ${client.name}: every octet has a meaning, and the same as to tshark`, () => {
      for (const { name, options, kind } of servers) {
        test(name, { skip: client.skip || needs("tshark") }, async () => {
          await using server = await startRecordingServer(options);
          await client.run(server.port);
          const { connections } = server;
          assert.ok(connections.length >= 2, `${connections.length} connections`);
          const file = join(scratch, `${client.name.replace(/\W+/g, "-")}-${kind}.pcapng`);
          writeFileSync(file, server.capture.pcapng({ includePasswords: true }));
          const ours = connections.map(ownAccounts);
          assert.deepEqual(ours, tsharkAccounts(file, connections));
          assertKinds(ours, kind, client.resumes);
        });
      }
    });
  }
}

function assertKinds(accounts: readonly Accounts[], kind: "tls12" | "tls13" | "retry", resumes: boolean): void {
  const isWhole = ({ server }: Accounts) => server.handshakeTypes.includes(handshakeTypes.certificate);
  assert.ok(accounts.some(isWhole), "no full handshake");
  if (resumes)
    assert.ok(
      accounts.some((account) => !isWhole(account)),
      "nothing was resumed",
    );
  const hellos = accounts.map(({ client }) =>
    client.handshakeTypes.filter((type) => type === handshakeTypes.clientHello),
  );
  assert.equal(
    hellos.some(({ length }) => length === 2),
    kind === "retry",
  );
}
