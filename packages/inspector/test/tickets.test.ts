import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "@sallyport/inspector";
import { freePort, makeTestIdentity, needs } from "@sallyport/testing";

const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });

/** Node's servers have no early data to offer; openssl's has, in front of a greeting that is written by hand. */
test(
  "T6 tickets that allow data before the handshake are told from those that do not",
  { skip: needs("openssl") },
  async () => {
    assert.match(await told(["-early_data"]), /^warn Data before the handshake is taken/);
    assert.match(await told([]), /^ok No data before the handshake/);
  },
);

async function told(words: readonly string[]): Promise<string> {
  const port = await freePort();
  const { certificateFile, keyFile, ca } = identity;
  const all = [
    "s_server",
    "-accept",
    `127.0.0.1:${port}`,
    "-cert",
    certificateFile,
    "-key",
    keyFile,
    "-quiet",
    ...words,
  ];
  const server = spawn("openssl", all, { stdio: ["pipe", "ignore", "ignore"], timeout: 20_000 });
  try {
    await answers(port);
    server.stdin.write("220 ready\r\n");
    const ports = { explicit: "off", implicit: port } as const;
    const report = await inspect("127.0.0.1", { ports, ca, only: ["T6"], timeoutMs: 400 });
    if ("kind" in report) return assert.fail(JSON.stringify(report));
    const found = report.findings.find(({ check }) => check === "tickets");
    return `${found?.status} ${found?.text}`;
  } finally {
    server.kill("SIGKILL");
  }
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isThere = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await pause(50);
  }
  assert.fail("s_server does not listen");
}
