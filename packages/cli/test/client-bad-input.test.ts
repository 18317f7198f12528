import { makeTestIdentity, type PeerScript, startScriptedPeer, type TestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { clientServer, password, writeBelow } from "./client-server.ts";
import { launcher, oneSentence, type Outcome, runSallyport } from "./run-sallyport.ts";

const { home, scratch, state, url, run, runBare } = clientServer();
const big = new Uint8Array(8_000_000);

before(() => {
  writeBelow(home, "big.bin", big);
  writeBelow(home, "small.txt", "small\n");
  writeBelow(home, "closed/kept.txt", "kept\n");
});

/** One sentence on standard error, the exit code, and nothing on standard output. */
function refused({ code, stdout, stderr }: Outcome, expected: number, says: RegExp): void {
  assert.match(stderr, says);
  assert.match(stderr, oneSentence);
  assert.equal(stdout, "");
  assert.equal(code, expected, stderr);
}

describe("79 a certificate that does not stand for the server, and no name or password is sent", () => {
  const names = ["localhost", "127.0.0.1"];
  const of = ({ certificate: cert, key }: TestIdentity): PeerScript => ({ tls: { cert, key } });
  const faults: readonly (readonly [what: string, identity: TestIdentity, says: RegExp])[] = [
    ["expired", makeTestIdentity({ names, validFromDays: -20, validForDays: -10 }), /expired/],
    [
      "not valid yet",
      makeTestIdentity({ names, validFromDays: 10, validForDays: 20 }),
      /not (?:yet valid|valid yet|valid before)/,
    ],
    [
      "for another name",
      makeTestIdentity({ names: ["example.org"] }),
      /127\.0\.0\.1.*example\.org|example\.org.*127\.0\.0\.1/,
    ],
    ["of an unknown authority", makeTestIdentity({ names, authority: "nobody knows it" }), /not trusted here/],
  ];
  const { ca } = makeTestIdentity({ names });
  for (const [what, identity, says] of faults) {
    for (const mode of what === "expired" ? (["explicit", "implicit"] as const) : (["explicit"] as const)) {
      test(`${what}, ${mode}`, async () => {
        const caFile = writeBelow(scratch, "ca.pem", ca);
        await using peer = await startScriptedPeer(of(identity));
        const there =
          mode === "explicit"
            ? `ftpes://alice@127.0.0.1:${peer.explicitPort}`
            : `ftps://alice@127.0.0.1:${peer.implicitPort}`;
        const environment = { SALLYPORT_PASSWORD: password };
        refused(await runBare(["ls", there, "--ca", caFile], { environment }), 79, says);
        assert.deepEqual(
          peer.heard.filter((line) => /^(?:USER|PASS)/.test(line)),
          [],
        );
      });
    }
  }
});

test("69 a host that takes the connection and says nothing, in the time that --timeout gives", async () => {
  const silent = createServer((socket) => void socket.on("error", () => undefined));
  await once(silent.listen(0, "127.0.0.1"), "listening");
  const { port } = silent.address() as AddressInfo;
  try {
    refused(
      await run(["get", `ftpes://alice@127.0.0.1:${port}/x`, "--timeout", "1", "--output", join(scratch, "x")]),
      69,
      /./,
    );
    assert.ok(!existsSync(join(scratch, "x")));
  } finally {
    silent.close();
  }
});

describe("73 a full disk here", () => {
  /** Runs `work` in a file system of 1 MiB. */
  async function onSmallDisk(work: (folder: string) => Promise<void>): Promise<void> {
    const folder = join(scratch, "small-disk");
    mkdirSync(folder, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]);
    try {
      await work(folder);
    } finally {
      execFileSync("umount", [folder]);
    }
  }

  const skip = process.getuid?.() !== 0 && "needs root";
  for (const words of [["--segments", "4"], ["--resume"]]) {
    test(`get ${words.join(" ")} leaves no file under the name`, { skip }, () =>
      onSmallDisk(async (folder) => {
        const outcome = await run(["get", `${url.explicit}/big.bin`, ...words, "--output", join(folder, "big.bin")]);
        refused(outcome, 73, /the disk is full/);
        assert.ok(!existsSync(join(folder, "big.bin")));
      }),
    );
  }

  test("mirror keeps what came whole, and leaves no half file", { skip }, () =>
    onSmallDisk(async (folder) => {
      const target = join(folder, "copy");
      const { code, stderr } = await run(["mirror", `${url.explicit}/`, target, "--quiet"]);
      assert.match(stderr, /the disk is full/);
      assert.equal(code, 73, stderr);
      const there = existsSync(target) ? readdirSync(target).filter((name) => !name.startsWith(".")) : [];
      for (const name of there.filter((one) => one.endsWith(".txt")))
        assert.equal(readFileSync(join(target, name), "utf8"), "small\n");
      assert.ok(!there.includes("big.bin"));
    }),
  );

  for (const words of [["cat"], ["get", "--output", "-"]]) {
    test(`${words.join(" ")} > /dev/full`, { skip: !existsSync("/dev/full") && "no /dev/full" }, async () => {
      const child = spawn(launcher, [...words, `${url.explicit}/big.bin`, "--state", state], {
        stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
        env: { ...process.env, HOME: scratch, NETRC: "/nonexistent", SALLYPORT_PASSWORD: password },
      });
      assert.ok(child.stderr);
      const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
      refused({ code: code as number, stdout: "", stderr }, 73, /Standard output cannot be written: the disk is full/);
    });
  }
});

describe("77 what the server does not permit", () => {
  before(async () => {
    const permit = await runSallyport(["user", "permit", "alice", "/closed", "list", "--state", state]);
    assert.equal(permit.code, 0, permit.stderr);
  });

  const cases: readonly (readonly [title: string, ...words: readonly string[]])[] = [
    ["get", "get", "/closed/kept.txt", "--output", join(scratch, "kept.txt")],
    ["put over a file", "put", join(home, "small.txt"), "/closed/kept.txt"],
    ["put a new file", "put", join(home, "small.txt"), "/closed/new.txt"],
    ["rm", "rm", "/closed/kept.txt"],
  ];
  for (const [title, ...words] of cases) {
    test(title, async () => {
      const spoken = words.map((word) => (word.startsWith("/closed") ? `${url.explicit}${word}` : word));
      refused(await run(spoken), 77, /permi|allow/i);
      assert.ok(!existsSync(join(scratch, "kept.txt")));
      assert.deepEqual(readdirSync(join(home, "closed")), ["kept.txt"]);
      assert.equal(readFileSync(join(home, "closed/kept.txt"), "utf8"), "kept\n");
    });
  }
});

test(
  "a local folder that may not be written",
  { skip: process.getuid?.() === 0 && "root may write everywhere" },
  async () => {
    const folder = join(scratch, "read-only");
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    refused(await run(["get", `${url.explicit}/small.txt`, "--output", join(folder, "x")]), 73, /permission/);
  },
);
