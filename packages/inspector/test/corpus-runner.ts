import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { inspect, type Finding, type InspectOptions, type InspectReport } from "@sallyport/inspector";
import { faultCases, host, identity, publicKeyOf, soundRecords, soundTls, tlsa, type FaultCase } from "./corpus.ts";
import { startFaultyServer, type FaultyServer } from "./faulty-server.ts";
import { startNameServer, type NameRecord } from "./name-server.ts";

/** Inspects a sound server once, and one for each case, and sees that they are told apart. */
export function testCases(cases: readonly FaultCase[]): void {
  describe("a sound server and one with each fault are told apart", { concurrency: 4 }, () => {
    let sound: FaultyServer;
    let report: InspectReport;

    before(async () => {
      sound = await startFaultyServer({ tls: soundTls });
      const pin = tlsa(createHash("sha256").update(publicKeyOf(identity.leaf)).digest());
      report = await inspected(sound, [...soundRecords, pin], { deep: true });
    });
    after(() => sound[Symbol.asyncDispose]());

    test("the sound one has no fault at all", () => {
      assert.deepEqual(report.findings.filter(isFault), []);
      assert.equal(report.grade.overall, "A+");
    });

    for (const { check, said, faults, records, options, isElsewhere, isUntested = false } of cases) {
      test(`${check} ${said.source.replaceAll("\\", "")}`, async () => {
        await using server = await startFaultyServer({ tls: soundTls, ...faults });
        await using other = isElsewhere === true ? await startOther(server) : undefined;
        const only = [check.split(" ", 1)[0] ?? ""];
        const { findings } = await inspected(server, records ?? soundRecords, { ...options, only });
        const own = (finding: Finding) => `${finding.id} ${finding.check}` === check;
        const found = findings.filter((finding) => own(finding) && said.test(finding.text));
        assert.equal(found.length > 0, true, JSON.stringify(findings.filter(own), undefined, 1));
        assert.ok(found.every(({ evidence }) => isUntested || evidence.length > 0));
        assert.ok(found.every(({ status }) => (status === "not-tested") === isUntested));
        assert.ok(
          found.every(({ cap, fix }) => cap === null || fix !== null),
          "a cap without a remedy",
        );
        const ofSound = report.findings.filter((finding) => own(finding));
        const isAsked = isElsewhere === true || ofSound.some(({ status }) => status !== "not-tested");
        assert.ok(isAsked, JSON.stringify(ofSound));
        assert.ok(!ofSound.some(({ text }) => said.test(text)), "the sound server has it, too");
        assert.ok(other === undefined || other.ports.explicit === server.ports.explicit);
      });
    }
  });
}

/** The same port of another address, with a certificate of its own. */
function startOther({ ports }: FaultyServer): Promise<FaultyServer> {
  const faults = faultCases.find(({ check }) => check === "C1 trust")?.faults;
  return startFaultyServer({ tls: soundTls, ...faults }, { address: "127.0.0.2", port: ports.explicit });
}

async function inspected(
  { ports }: FaultyServer,
  records: readonly NameRecord[],
  options: InspectOptions,
): Promise<InspectReport> {
  await using names = await startNameServer(
    records.map((record) => ({ ...record, name: record.name.replace("_PORT", `_${ports.explicit}`) })),
  );
  const found = await inspect(host, {
    ports,
    ca: identity.ca,
    address: "127.0.0.1",
    nameServers: [names.address],
    insecure: true,
    anonymous: true,
    write: true,
    credentials: { user: "alice", password: "secret" },
    timeoutMs: 5000,
    ...options,
  });
  if ("kind" in found) return assert.fail(JSON.stringify(found));
  return found;
}

function isFault({ status }: Finding): boolean {
  return status === "fail" || status === "warn";
}
