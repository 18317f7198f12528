import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Client, type ClientOptions, connect } from "@sallyport/client";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { mockMechanism, type MockMechanismOptions } from "@sallyport/testing";
import { type GssapiHandler, type GssapiLogin, type GssapiServer, startGssapiServer } from "../gssapi-server.ts";

setFlagsFromString("--expose-gc");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the flag brings
const collect = runInNewContext("gc") as () => void;

/** Without what is only not collected yet, which under load is all that was read. */
function heldBytes(): number {
  collect();
  return process.memoryUsage().arrayBuffers;
}

type Rows = Readonly<Record<string, GssapiHandler>>;

const host = "localhost";

function connectTo(server: GssapiServer, options: ClientOptions = {}, how: MockMechanismOptions = {}): Promise<Client> {
  return connect(`ftp://alice@127.0.0.1:${server.port}`, {
    retry: { attempts: 0 },
    ...options,
    gssapi: { mechanism: mockMechanism(how), host, ...options.gssapi },
  });
}

/** How connecting to a server fails that does so. */
async function refusalOf(rows: Rows, options: ClientOptions = {}, how: MockMechanismOptions = {}): Promise<unknown> {
  await using server = await startGssapiServer(mockMechanism(how), rows);
  const error = await connectTo(server, options, how).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error && "code" in error, "it connected");
  const inClear = server.heardInClear.filter((line) => !/^(?:AUTH|ADAT|MIC|ENC|QUIT)\b/.test(line));
  assert.deepEqual(inClear, [], "nothing was said in clear");
  return error.code;
}

/** How a download fails from a server whose data connection does so. */
async function downloadFrom(send: (login: GssapiLogin) => Promise<void>): Promise<unknown> {
  const RETR: GssapiHandler = async (login) => {
    login.control.write(await login.sealed("150 here it comes"));
    await send(login);
    (await login.data()).end();
    return "226 done";
  };
  await using server = await startGssapiServer(mockMechanism(), { RETR });
  await using client = await connectTo(server);
  const error = await client
    .read("f")
    .then(async (stream) => new Response(stream).bytes())
    .catch((reason: unknown) => reason);
  assert.ok(error instanceof Error, "the download succeeded");
  const codes: unknown[] = [];
  for (let one: unknown = error; one instanceof Error; one = one.cause) codes.push("code" in one ? one.code : "");
  assert.equal(await client.exists("."), true, "and the connection goes on");
  if (codes.includes("SALLYPORT_DATA_NO_FINAL_BLOCK")) assert.equal(codes[0], "SALLYPORT_DATA_TRUNCATED");
  return codes.find((code) => /^SALLYPORT_DATA_(?!FAILED|TRUNCATED)/.test(String(code))) ?? codes[0];
}

const text = Buffer.from("some content");
const end = new Uint8Array();

void describe("replies", () => {
  const afterLogin = (spoil: (login: GssapiLogin) => Promise<void>): Rows => ({
    FEAT: async (login) => {
      await spoil(login);
      return undefined;
    },
  });

  void test("R-2228-11 a reply that is cut into fragments anywhere is the same", async () => {
    for (const size of [1, 2, 7, 30]) {
      const FEAT: GssapiHandler = async (login) => {
        login.control.write(await login.sealed("211-Features\r\n UTF8\r\n SIZE\r\n211 End", size));
        return undefined;
      };
      await using server = await startGssapiServer(mockMechanism(), { FEAT });
      await using client = await connectTo(server);
      assert.deepEqual([...client.features.keys()], ["UTF8", "SIZE"]);
    }
  });

  void test("R-2228-11 each line of a reply sealed alone, without its end, as MIT's server has it", async () => {
    const FEAT: GssapiHandler = async (login) => {
      for (const line of ["211-Features", " UTF8", " MDTM", "211 End"]) {
        // oxlint-disable-next-line no-await-in-loop -- in their order
        const token = await login.context.wrap(Buffer.from(line), false);
        login.control.write(`631 ${Buffer.from(token).toString("base64")}\r\n`);
      }
      return undefined;
    };
    await using server = await startGssapiServer(mockMechanism(), { FEAT });
    await using client = await connectTo(server);
    assert.deepEqual([...client.features.keys()], ["UTF8", "MDTM"]);
  });

  void test("replies that the mechanism has not opened yet are left to TCP", async () => {
    const mechanism = mockMechanism();
    const flooded = { bytes: 0, release: (): void => {} };
    const NOOP: GssapiHandler = ({ control }) => {
      flooded.release = mechanism.hold();
      const line = Buffer.from(`632 ${"A".repeat(200_000)}\r\n`);
      const flood = (): void => {
        if (flooded.bytes >= 256 * 1_048_576 || control.destroyed) return;
        flooded.bytes += line.length;
        control.write(line, (error) => error ?? flood());
      };
      flood();
      return undefined;
    };
    await using server = await startGssapiServer(mockMechanism(), { NOOP });
    await using client = await connectTo(server, { gssapi: { mechanism, host } });
    const refused = assert.rejects(client.raw("NOOP"), { code: "SALLYPORT_GSSAPI_MESSAGE_REJECTED" });
    for (let before = -1; flooded.bytes !== before || before === 0;) {
      before = flooded.bytes;
      // oxlint-disable-next-line no-await-in-loop -- until nothing more is taken
      await pause(150);
    }
    assert.ok(flooded.bytes < 64 * 1_048_576, `${flooded.bytes} octets were taken`);
    flooded.release();
    await refused;
  });

  void test("R-GSS-06 a reply that comes twice is refused", async () => {
    const rows = afterLogin(async (login) => {
      const line = await login.sealed("211-Features\r\n211 End");
      login.control.write(line + line);
    });
    await using server = await startGssapiServer(mockMechanism(), rows);
    await using client = await connectTo(server);
    await assert.rejects(client.raw("NOOP"), { code: /SALLYPORT_(?:GSSAPI_MESSAGE_REJECTED|CONNECTION_)/ });
  });

  void test("R-GSS-06 an old reply in the place of a new one, a reply taken out, one that is damaged or forged", async () => {
    let old = "";
    const replayed: Rows = {
      PBSZ: async (login) => ((old = await login.sealed("200 PBSZ=65536")), login.control.write(old), undefined),
      PROT: (login) => (login.control.write(old), undefined),
    };
    assert.equal(await refusalOf(replayed), "SALLYPORT_GSSAPI_MESSAGE_REJECTED");
    const takenOut = afterLogin(async (login) => {
      await login.sealed("502 no");
      login.control.write(await login.sealed("211-Features\r\n211 End"));
    });
    assert.equal(await refusalOf(takenOut), "SALLYPORT_GSSAPI_MESSAGE_REJECTED");
    const damaged = afterLogin(async (login) => {
      const line = await login.sealed("502 no");
      login.control.write(line.replace(/.(?=..\r\n)/, (letter) => (letter === "A" ? "B" : "A")));
    });
    assert.equal(await refusalOf(damaged), "SALLYPORT_GSSAPI_MESSAGE_REJECTED");
    const junk = afterLogin(async ({ control }) => void control.write("632 !!!!\r\n"));
    assert.equal(await refusalOf(junk), "SALLYPORT_GSSAPI_MESSAGE_REJECTED");
  });

  void test("R-2228-12 a reply 632 that is not encrypted is refused", async () => {
    const rows = afterLogin(async (login) => {
      const token = await login.context.wrap(Buffer.from("502 no\r\n"), false);
      login.control.write(`632 ${Buffer.from(token).toString("base64")}\r\n`);
    });
    assert.equal(await refusalOf(rows), "SALLYPORT_GSSAPI_MESSAGE_REJECTED");
  });

  void test("R-2228-12 replies in clear are refused as soon as there is protection, 421 and those before it included", async () => {
    for (const line of ["200 done", "421 bye", "533 protect", "not a reply"]) {
      const rows = afterLogin(async ({ control }) => void control.write(`${line}\r\n`));
      assert.equal(await refusalOf(rows), "SALLYPORT_REPLY_UNPROTECTED", line);
    }
    const behind: Rows = {
      USER: ({ control }) => (control.write("230 in\r\n"), undefined),
    };
    assert.equal(await refusalOf(behind), "SALLYPORT_REPLY_UNPROTECTED");
  });

  void test("replies that nobody asked for end the connection", async () => {
    const rows = afterLogin(async (login) => {
      for (let count = 0; count < 200; count++) {
        // oxlint-disable-next-line no-await-in-loop -- in their order
        login.control.write(await login.sealed(`200 ${"x".repeat(3000)}`));
      }
    });
    await using server = await startGssapiServer(mockMechanism(), rows);
    await using client = await connectTo(server);
    await assert.rejects(client.raw("NOOP"), { code: /SALLYPORT_(?:REPLY_UNSOLICITED|CONNECTION_)/ });
  });
});

void describe("the exchange of tokens", () => {
  void test("R-GSS-03 junk in 235 is no proof of who the server is, and no name is sent", async () => {
    for (const reply of ["235 ADAT=AAAA", "235 ADAT=!!!", "235 done", "235 ADAT=", "335 ADAT=AAAA", "335 more"]) {
      assert.equal(await refusalOf({ ADAT: () => reply }), "SALLYPORT_GSSAPI_TOKEN_REJECTED", reply);
    }
  });

  void test("R-GSS-03 mechanisms that need one token, two or three are done when both ends are", async () => {
    for (const legs of [1, 2, 3] as const) {
      const how = { legs };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await using server = await startGssapiServer(mockMechanism(how));
      await using client = await connectTo(server, {}, how);
      assert.equal(server.heardInClear.filter((line) => line.startsWith("ADAT")).length, legs === 3 ? 2 : 1);
      assert.ok(client.gssapi);
    }
  });

  void test("R-2228-13 a token without end takes no memory", { timeout: 20_000 }, async () => {
    const ADAT: GssapiHandler = async ({ control }) => {
      control.write("235 ADAT=");
      const piece = Buffer.alloc(1_048_576, "A");
      for (let count = 0; count < 64 && !control.destroyed; count++) {
        // oxlint-disable-next-line no-await-in-loop -- as fast as it is read
        await new Promise<void>((resolve) => void control.write(piece, () => resolve()));
      }
      return "";
    };
    const before = heldBytes();
    assert.equal(await refusalOf({ ADAT }), "SALLYPORT_GSSAPI_TOKEN_REJECTED");
    let grownBytes = heldBytes() - before;
    // What is collected is swept a little later, beside the program.
    for (let rounds = 0; rounds < 25 && grownBytes >= 8 * 1_048_576; rounds++) {
      // oxlint-disable-next-line no-await-in-loop -- time has to pass
      await pause(40);
      grownBytes = heldBytes() - before;
    }
    assert.ok(grownBytes < 8 * 1_048_576, `${grownBytes} octets more`);
  });

  void test("R-2228-16 whatever the server says to AUTH GSSAPI and ADAT, it is told apart, and nothing goes in clear", async () => {
    for (const code of [500, 502, 504, 534, 431]) {
      assert.equal(await refusalOf({ AUTH: () => `${code} no` }), "SALLYPORT_GSSAPI_NOT_OFFERED", String(code));
    }
    assert.equal(await refusalOf({ ADAT: () => "535 no" }), "SALLYPORT_GSSAPI_REFUSED");
    const order: ClientOptions = { authOrder: ["GSSAPI", "TLS"] };
    assert.equal(await refusalOf({ AUTH: () => "504 no" }, order), "SALLYPORT_TLS_UNAVAILABLE");
  });

  void test("R-GSS-02 a server that refuses the first name's token is tried with the second", async () => {
    let attempts = 0;
    const refuseFirst: Rows = { ADAT: () => (++attempts === 1 ? "535 no such key" : "535 no") };
    assert.equal(await refusalOf(refuseFirst), "SALLYPORT_GSSAPI_REFUSED");
    assert.equal(attempts, 2);
  });

  void test("R-GSS-05 a mechanism that cannot encrypt is not used where that is asked for", async () => {
    const how = { confidentiality: false };
    assert.equal(await refusalOf({}, {}, how), "SALLYPORT_GSSAPI_FAILED");
    assert.equal(await refusalOf({}, {}, { integrity: false }), "SALLYPORT_GSSAPI_FAILED");
    await using server = await startGssapiServer(mockMechanism(how));
    const gssapi = { mechanism: mockMechanism(how), host, commands: "safe" } as const;
    await using client = await connectTo(server, { dataProtection: "S", gssapi }, how);
    assert.equal(await client.exists("."), true);
    assert.ok(!server.heardInClear.includes("ENC"));
  });

  void test("R-2228-31 a password goes in ENC alone, also where commands go in MIC", async () => {
    const levels: string[] = [];
    const rows: Rows = {
      USER: () => "331 password",
      PASS: (login, argument) => (levels.push(login.level, argument), "230 in"),
    };
    await using server = await startGssapiServer(mockMechanism(), rows);
    const gssapi = { mechanism: mockMechanism(), host, commands: "safe" } as const;
    await using client = await connectTo(server, { password: "s3cret", gssapi });
    assert.equal(await client.exists("."), true);
    assert.deepEqual(levels, ["ENC", "s3cret"]);
    assert.equal(await refusalOf(rows), "SALLYPORT_CREDENTIAL_MISSING");
    const how = { confidentiality: false };
    const weak = { mechanism: mockMechanism(how), host, commands: "safe" } as const;
    const options: ClientOptions = { password: "s3cret", dataProtection: "S", gssapi: weak };
    assert.equal(await refusalOf(rows, options, how), "SALLYPORT_GSSAPI_FAILED");
  });
});

void describe("data connections", () => {
  const send = async (login: GssapiLogin, ...blocks: readonly Uint8Array[]): Promise<void> => {
    (await login.data()).write(Buffer.concat(blocks));
  };

  void test("R-2228-15 without the empty block at the end it was cut, and nothing of it counts", async () => {
    const cut = async (login: GssapiLogin): Promise<void> => send(login, await login.block(text));
    assert.equal(await downloadFrom(cut), "SALLYPORT_DATA_NO_FINAL_BLOCK");
    const half = async (login: GssapiLogin): Promise<void> =>
      send(login, await login.block(text), (await login.block(end)).subarray(0, 9));
    assert.equal(await downloadFrom(half), "SALLYPORT_DATA_NO_FINAL_BLOCK");
    assert.equal(await downloadFrom(async () => {}), "SALLYPORT_DATA_NO_FINAL_BLOCK");
  });

  void test("R-2228-14 a block above the size that was agreed is refused before there is memory for it", async () => {
    const huge = async (login: GssapiLogin): Promise<void> => send(login, Buffer.from([0x7f, 0xff, 0xff, 0xff]));
    assert.equal(await downloadFrom(huge), "SALLYPORT_DATA_BLOCK_SIZE");
    const above = async (login: GssapiLogin): Promise<void> => send(login, Buffer.from([0, 1, 0, 1]));
    assert.equal(await downloadFrom(above), "SALLYPORT_DATA_BLOCK_SIZE", "one octet above PBSZ=65536");
  });

  void test("R-GSS-06 blocks that are swapped, repeated, taken out or damaged are refused", async () => {
    const three = async (login: GssapiLogin): Promise<[Uint8Array, Uint8Array, Uint8Array]> => [
      await login.block(Buffer.from("one")),
      await login.block(Buffer.from("two")),
      await login.block(end),
    ];
    const cases: Readonly<Record<string, (blocks: [Uint8Array, Uint8Array, Uint8Array]) => readonly Uint8Array[]>> = {
      swapped: ([one, two, last]) => [two, one, last],
      repeated: ([one, two, last]) => [one, one, two, last],
      "taken out": ([one, , last]) => [one, last],
      damaged: ([one, two, last]) => [one, two.map((octet, at) => (at === 25 ? octet ^ 1 : octet)), last],
      "behind the end": ([one, two, last]) => [one, last, two],
    };
    for (const [what, change] of Object.entries(cases)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const code = await downloadFrom(async (login) => send(login, ...change(await three(login))));
      assert.match(String(code), /^SALLYPORT_DATA_(?:OUT_OF_ORDER|MESSAGE_REJECTED)$/, what);
    }
  });

  void test("R-GSS-05 under PROT P a block that is sealed alone is refused", async () => {
    const readable = async (login: GssapiLogin): Promise<void> =>
      send(login, await login.block(text, false), await login.block(end, false));
    assert.equal(await downloadFrom(readable), "SALLYPORT_DATA_NOT_CONFIDENTIAL");
  });

  void test("R-2228-15 a reply that overtakes the blocks before it takes nothing from them", async () => {
    const RETR: GssapiHandler = async (login) => {
      login.control.write(await login.sealed("150 here it comes"));
      const blocks = [await login.block(text), await login.block(end)];
      login.control.write(await login.sealed("226 done"));
      await pause(50);
      (await login.data()).end(Buffer.concat(blocks));
      return undefined;
    };
    await using server = await startGssapiServer(mockMechanism(), { RETR });
    await using client = await connectTo(server);
    assert.equal(await new Response(await client.read("f")).text(), "some content");
    assert.equal(await new Response(await client.read("f")).text(), "some content");
  });
});
