import { type Client, causeGroups, connect, explainFailure } from "@sallyport/client";
import { type CommandRefused, errorOfFailure, octetsFromText, TransportError } from "@sallyport/protocol";
import { SecurityMechanismError, type SecurityMechanismFault } from "@sallyport/transport";
import fc from "fast-check";
import assert from "node:assert/strict";
import test from "node:test";
import { type Handler, startScriptedServer } from "../scripted-server.ts";

const rows = causeGroups.flatMap(([, causes]) => causes);

function refused(code: number, text: string, command = "STOR x"): CommandRefused {
  const reply = { code, lines: [octetsFromText(text)] };
  const failure = { code: "SALLYPORT_COMMAND_REFUSED", message: "refused", retry: "never", transcript: [] } as const;
  return errorOfFailure({ ...failure, reply, command: octetsFromText(command) });
}

test("every cause has a name of its own, a sentence, someone who can help, and a way to", () => {
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
  for (const { id, text, title, fixedBy, settings, here, reference, clues } of rows) {
    assert.match(id, /^[a-z]+(?:-[a-z]+)+$/);
    assert.match(text, /^[A-Zv].*\.$/, id);
    assert.match(title, /[^.]$/, id);
    assert.notEqual(fixedBy.length * clues.length * reference.length, 0, id);
    assert.ok(here !== undefined || Object.keys(settings).length > 0, `${id}: nothing can be done`);
  }
});

test("whatever a cause is found by, what happened is told as well", () => {
  const codes = rows.flatMap(({ clues }) => clues.flatMap((clue) => clue.codes ?? []));
  for (const code of codes.filter((one) => one.startsWith("SALLYPORT_"))) {
    assert.ok(explainFailure(new TransportError(code, "it failed")) !== undefined, code);
  }
});

test("Kerberos is explained by what its library, or the server, says is wrong", () => {
  const byFault: Readonly<Partial<Record<SecurityMechanismFault, string>>> = {
    unavailable: "kerberos-library-missing",
    "no-credentials": "kerberos-ticket-missing",
    "credentials-expired": "kerberos-ticket-expired",
    "context-expired": "kerberos-ticket-expired",
    "unknown-principal": "kerberos-server-unknown",
    "clock-skew": "kerberos-clock-skew",
    "wrong-key": "kerberos-keytab",
    "token-rejected": "kerberos-forged",
    "message-rejected": "kerberos-forged",
  };
  for (const [fault, id] of Object.entries(byFault)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the type
    const explanation = explainFailure(new SecurityMechanismError(fault as SecurityMechanismFault, "said"));
    assert.equal(explanation?.causes[0]?.id, id, fault);
  }
  const answer = (code: "SALLYPORT_GSSAPI_NOT_OFFERED" | "SALLYPORT_GSSAPI_REFUSED", reply: number, text: string) =>
    explainFailure(
      errorOfFailure({
        code,
        message: "no",
        reply: { code: reply, lines: [octetsFromText(text)] },
        retry: "never",
        transcript: [],
      }),
    )?.causes[0]?.id;
  assert.equal(answer("SALLYPORT_GSSAPI_NOT_OFFERED", 504, "what"), "kerberos-not-offered");
  assert.equal(answer("SALLYPORT_GSSAPI_NOT_OFFERED", 431, "no keytab"), "kerberos-keytab");
  assert.equal(answer("SALLYPORT_GSSAPI_REFUSED", 535, "Clock skew too great"), "kerberos-clock-skew");
  assert.equal(answer("SALLYPORT_GSSAPI_REFUSED", 535, "not accepted"), "kerberos-keytab");
  assert.equal(answer("SALLYPORT_GSSAPI_REFUSED", 535, "No key for this ticket"), "kerberos-keytab");
  assert.equal(answer("SALLYPORT_GSSAPI_REFUSED", 535, "Ticket expired."), "kerberos-ticket-expired");
  assert.equal(answer("SALLYPORT_GSSAPI_REFUSED", 535, "The token was used before."), "kerberos-forged");
  const unreachable = new SecurityMechanismError("unavailable", "Cannot contact any KDC for realm 'A'");
  assert.deepEqual(
    explainFailure(unreachable)?.causes.map(({ id }) => id),
    ["kerberos-kdc-unreachable"],
  );
});

test("of a server that gives no sign of itself, the settings of all that are known are told", () => {
  const explanation = explainFailure(refused(522, "session reuse required"));
  assert.equal(explanation?.product, undefined);
  const [cause] = explanation?.causes ?? [];
  assert.deepEqual(
    cause?.settings.map(({ product }) => product),
    ["vsftpd", "ProFTPD", "FileZilla Server", "Sallyport"],
  );
});

test("what an upload that broke off has left cannot be read, and its owner is told how it can go on", () => {
  const own = { greeting: ["220 FTP server ready."] };
  const [cause] = explainFailure(refused(550, "That upload is not complete.", "RETR x"), own)?.causes ?? [];
  assert.equal(cause?.id, "upload-incomplete");
  assert.equal(cause.likelihood, "certain");
  assert.match(cause.here?.text ?? "", /Go on with the upload .* rm\.$/);
});

test("of a server that is known, its settings alone are told, even where that is none", () => {
  const known = { greeting: ["220-FileZilla Server 1.8.2"] };
  const [cause] = explainFailure(refused(425, "TLS session of data connection not resumed."), known)?.causes ?? [];
  assert.deepEqual(cause?.settings, [
    { product: "FileZilla Server", place: "its administration interface", setting: "none: it always demands it" },
  ]);
  assert.deepEqual(
    explainFailure(refused(552, "quota"), { greeting: ["220 pyftpdlib 1.5.7 ready."] })?.causes[0]?.settings,
    [],
  );
});

test("a data connection that was not resumed and is refused without a reason is told to be likely that", () => {
  const error = refused(425, "Unable to build data connection: Operation not permitted", "MLSD");
  const id = (dataResumed: boolean): string | undefined => explainFailure(error, { dataResumed })?.causes[0]?.id;
  assert.equal(id(false), "data-not-resumed");
  assert.notEqual(id(true), "data-not-resumed");
});

test("causes deep down are seen, and errors of others are not explained", () => {
  const full = Object.assign(new Error("write"), { code: "ENOSPC" });
  const wrapped = new TransportError("SALLYPORT_LOCAL_ENOSPC", "no space", { cause: new Error("x", { cause: full }) });
  assert.equal(explainFailure(wrapped)?.causes[0]?.id, "local-disk");
  assert.equal(explainFailure(full), undefined);
  assert.equal(explainFailure("a text"), undefined);
  const loop = new TransportError("SALLYPORT_CONNECT_REFUSED", "refused");
  assert.equal(explainFailure(Object.assign(loop, { cause: loop }))?.causes[0]?.id, "nothing-listens");
});

test("whatever a server says, an explanation comes of it, with three causes at most", () => {
  const code = fc.integer({ min: 400, max: 599 });
  fc.assert(
    fc.property(code, fc.string({ maxLength: 200 }), fc.string({ maxLength: 30 }), (number, text, command) => {
      const explanation = explainFailure(refused(number, text, command));
      assert.ok(explanation !== undefined && explanation.causes.length <= 3);
      assert.notEqual(explanation.summary, "");
    }),
    { numRuns: 100 },
  );
});

/** What no server at hand does by a setting. */
const scripted: readonly (readonly [
  cause: string,
  answers: Record<string, Handler>,
  ask?: (client: Client) => Promise<unknown>,
])[] = [
  ["not-ftp", { GREETING: () => "SSH-2.0-OpenSSH_9.2p1" }],
  ["password-wrong-lately", { GREETING: () => "421 A wrong password came from this address; try again in a moment." }],
  ["closed-at-once", { GREETING: () => "421 Too many wrong passwords from this address; try again later." }],
  ["too-many-connections", { GREETING: () => "421 Too many connections." }],
  ["tls-not-offered", { AUTH: () => "502 no" }],
  ["idle-timeout", { NOOP: () => "421 Timeout." }, (client) => client.raw("NOOP")],
  ["server-busy", { NOOP: () => undefined }, (client) => client.raw("NOOP")],
  [
    "control-forgotten",
    {
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.data()).end("content");
      },
    },
    async (client) => Array.fromAsync(await client.read("file")),
  ],
  ["passive-refused", { EPSV: () => "502 no", PASV: () => "502 no" }, (client) => Array.fromAsync(client.list())],
  ["name-in-other-charset", { MLST: () => "550 no such file" }, (client) => client.stat("\u017elut\u00fd")],
  ["command-off", { SITE: () => "502 not implemented" }, (client) => client.chmod("file", 0o600)],
];

for (const [cause, answers, ask] of scripted) {
  test(`${cause} is told first`, async () => {
    await using server = await startScriptedServer(answers);
    const failure = await failureOf(server.port, cause === "tls-not-offered" ? "explicit" : "plain", ask);
    assert.equal(explainFailure(failure)?.causes[0]?.id, cause, String(failure));
  });
}

async function failureOf(
  port: number,
  security: "explicit" | "plain",
  ask: ((client: Client) => Promise<unknown>) | undefined,
): Promise<unknown> {
  const timeouts = { command: 200, completion: 200 };
  try {
    const options = { security, password: "secret", retry: { attempts: 0 }, timeouts } as const;
    await using client = await connect(`alice@127.0.0.1:${port}`, options);
    await ask?.(client);
  } catch (error) {
    return error;
  }
  return assert.fail("nothing failed");
}
