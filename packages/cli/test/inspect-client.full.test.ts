import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, createServer } from "node:net";
import { before, suite, test } from "node:test";
import { connect } from "@sallyport/client";
import { issueTrialIdentities } from "@sallyport/daemon";
import {
  asInspectReport,
  type ClientReport,
  type ProgramEnd,
  renderClientReport,
  reportFormatNames,
  reportFormats,
  tryClient,
  type TrialIdentities,
  type TrialVisit,
} from "@sallyport/inspector";
import { needs } from "@sallyport/testing";
import { type ClientFaults, runFaultyClient } from "./faulty-client.ts";
import { runSallyport, scratchDirectory } from "./run-sallyport.ts";

scratchDirectory();

suite("the trials tell a client with a fault from one without", () => {
  let identities: TrialIdentities;
  let sound: ClientReport;
  before(async () => {
    identities = await issueTrialIdentities(["localhost", "127.0.0.1"], Date.now());
    sound = await tried({});
  });

  test("a client without a fault passes every trial, each with what was seen", () => {
    const faults = sound.findings.filter(({ status }) => status !== "ok" && status !== "info");
    assert.deepEqual(faults, []);
    assert.equal(sound.grade.overall, "A");
    assert.deepEqual(
      sound.findings.filter(({ evidence }) => evidence.length === 0),
      [],
    );
  });

  test("our own client passes every trial", async () => {
    const report = await tryClient({ ...ground(), launch: (visit) => fetchWithOwnClient(visit, identities.authority) });
    assert.deepEqual(
      report.findings.filter(({ status }) => status !== "ok" && status !== "info"),
      [],
    );
    assert.equal(report.grade.overall, "A");
  });

  const cases: readonly (readonly [faults: ClientFaults, trials: readonly string[], caught: readonly string[]])[] = [
    [{ logsInFirst: true }, [], ["login"]],
    [{ goesOnInClear: true }, ["auth-off", "auth-closed"], ["auth-off"]],
    [
      { ignoresCertificates: true },
      ["wrong-name", "expired", "self-signed", "unknown-authority", "unknown-authority-implicit"],
      ["wrong-name", "expired", "self-signed", "unknown-authority", "unknown-authority-implicit"],
    ],
    [{ believesInjected: true }, ["injection"], ["injection"]],
    [{ asksForClearData: true }, [], ["protection"]],
    [{ goesOnWithoutProtection: true }, ["protection-refused"], ["protection-refused"]],
    [{ ignoresDataCertificate: true }, ["data-certificate"], ["data-certificate"]],
    [{ followsAddress: true }, ["passive-address"], ["passive-address"]],
    [{ takesHalf: true }, ["truncation"], ["truncation"]],
    [{ forgetsTickets: true }, [], ["resumption"]],
    [{ takesOldTls: true }, ["old-tls"], ["old-tls"]],
  ];
  for (const [faults, only, caught] of cases) {
    test(`${Object.keys(faults).join()} is found by ${caught.join(", ")}`, async () => {
      const { findings } = await tried(faults, only);
      const found = findings.filter(({ status }) => status === "fail" || status === "warn").map(({ check }) => check);
      assert.deepEqual(found, caught);
    });
  }

  test("a client that never logs in proves nothing by not logging in elsewhere", async () => {
    const { findings, connections } = await tryClient({
      ...ground(),
      only: ["wrong-name"],
      launch: async () => undefined,
    });
    assert.equal(connections.control, 0);
    assert.deepEqual([...new Set(findings.map(({ status }) => status))], ["not-tested"]);
  });

  test("a client that somebody starts by hand is waited for, and what only it knows is not judged", async () => {
    const options = { ...ground(), only: ["truncation"], patienceMs: 10_000 };
    const report = await tryClient({
      ...options,
      onVisit: (visit) => void runFaultyClient({}, identities.authority, visit),
    });
    const of = (check: string) => report.findings.find((finding) => finding.check === check);
    assert.equal(of("login")?.status, "ok");
    assert.equal(of("truncation")?.status, "not-tested");
    assert.match(of("truncation")?.text ?? "", /start it with --run/);
    assert.equal(of("auth-off")?.text, "the client did not come");
  });

  test("whatever comes instead of a client, the report is made", async () => {
    const junk = [
      Buffer.alloc(20_000, 0x41),
      Buffer.from([0x16, 3, 1, 0xff, 0xff]),
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    ];
    const launch = async ({ port }: TrialVisit): Promise<ProgramEnd> => {
      for (const octets of junk) {
        const socket = connectTcp(port, "127.0.0.1").on("error", () => undefined);
        await once(socket, "connect");
        socket.resume().end(octets);
        await once(socket, "close");
      }
      return { exitCode: 0, isTimedOut: false, said: "" };
    };
    const report = await tryClient({ ...ground(), only: ["auth-off", "injection"], launch });
    assert.deepEqual([...new Set(report.findings.map(({ status }) => status))], ["not-tested"]);
  });

  test("the report has every form that one of a server has", () => {
    for (const format of reportFormatNames) {
      const text = reportFormats[format]([asInspectReport(sound)]);
      assert.match(text, /scripted/, format);
      assert.doesNotMatch(text, /undefined|NaN|\[object/, format);
    }
    const lines = renderClientReport(sound, { width: 80, colour: false });
    assert.ok(lines.every((line) => line.length <= 80));
    assert.match(lines.join("\n"), /\d+ control connections, \d+ data connections/);
  });

  const ground = () => ({
    ...{ client: "scripted", identities, listen: "127.0.0.1", host: "localhost" },
    ports: { explicit: 0, implicit: 0 },
  });

  function tried(faults: ClientFaults, only?: readonly string[]): Promise<ClientReport> {
    const launch = (visit: Parameters<typeof runFaultyClient>[2]) =>
      runFaultyClient(faults, identities.authority, visit);
    return tryClient({ ...ground(), ...(only && { only }), launch });
  }
});

async function fetchWithOwnClient({ url, user, password, file }: TrialVisit, ca: string): Promise<ProgramEnd> {
  try {
    const options = { user, password, tls: { ca } };
    await using client = await connect(url, options);
    for await (const octets of await client.read(file)) void octets;
    return { exitCode: 0, isTimedOut: false, said: "" };
  } catch (error) {
    return { exitCode: 1, isTimedOut: false, said: String(error) };
  }
}

suite("inspect --client", () => {
  test(
    "curl that requires TLS gets an A; that takes TLS where it is offered and checks nothing, an F",
    { skip: needs("curl") },
    async () => {
      const words = "-sS --max-time 8 -u {user}:{password} {url}{file} -o out";
      const [strict, loose] = await Promise.all([
        graded(`curl --ssl-reqd --cacert {ca} ${words}`),
        graded(`curl --ssl -k ${words}`),
      ]);
      assert.equal(strict.code, 0, strict.stdout);
      assert.match(strict.stdout, /grade A \(TLS A, FTP A\)/);
      assert.equal(loose.code, 1);
      assert.match(loose.stdout, /why F {2}FTP {2}U2 {2}AUTH is taken away \(502\): the password goes in clear/);
      assert.match(loose.stdout, /seen in clear: PASS \*\*\*\*/);
      assert.doesNotMatch(loose.stdout, /trial-Passw0rd/);
    },
  );

  test("a port that is taken and a file that cannot be written are sentences", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const occupied = await runSallyport(["inspect", "--client", "--explicit-port", String(port), "--run", "true"]);
    taken.close();
    assert.match(occupied.stderr, /^sallyport: One of the ports \d+ and 0 of 127\.0\.0\.1 is in use/m);
    const nobody = await runSallyport(["inspect", "--client", "--run", "true", "--output", "/nowhere/report.txt"]);
    assert.equal(nobody.code, 73);
    const silent = await runSallyport(["inspect", "--client", "--run", "true", "--quiet"]);
    assert.equal(silent.code, 3, "a client that never comes proves nothing");
  });

  test("its flags without --client are refused, and servers with it", async () => {
    const { code, stderr } = await runSallyport(["inspect", "localhost", "--run", "curl"]);
    assert.equal(code, 2);
    assert.match(stderr, /--run is about a client: give --client as well/);
    const both = await runSallyport(["inspect", "localhost", "--client"]);
    assert.equal(both.code, 2);
    assert.match(both.stderr, /--client waits for clients: leave HOST out/);
  });

  function graded(command: string) {
    return runSallyport(["inspect", "--client", "--run", command]);
  }
});
