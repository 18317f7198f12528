import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runSallyport, scratchDirectory } from "./run-sallyport.ts";

const scratch = scratchDirectory();
const servers: Server[] = [];
const sockets: Socket[] = [];
let url = "";

/** What the server lists: names that would lead elsewhere, and one that is honest. */
const listed = ["../evil.txt", "sub/../../evil.txt", "..", "/etc/evil.txt", "honest.txt"];

async function listening(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    onConnection(socket);
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** A server in clear that answers each command with a reply, and moves what `data` says. */
async function startServer(): Promise<number> {
  const facts = (type: string): string => `type=${type};size=2;modify=20260101000000;`;
  const data: Readonly<Record<string, string>> = {
    MLSD: listed.map((name) => `${facts("file")} ${name}\r\n`).join(""),
    RETR: "x\n",
  };
  const replies: Readonly<Record<string, string>> = {
    USER: "331 ?",
    PASS: "230 ok",
    FEAT: "211-x\r\n MLST type*;size*;modify*;\r\n SIZE\r\n UTF8\r\n211 end",
    MLST: `250-x\r\n ${facts("dir")} pub\r\n250 end`,
    SIZE: "213 2",
    QUIT: "221 bye",
  };
  return listening((control) => {
    let dataConnection: Promise<Socket> | undefined;
    control.write("220 \u001B[2Jhello\r\n");
    const answer = async (chunk: Buffer): Promise<void> => {
      for (const line of chunk.toString().split("\r\n").slice(0, -1)) {
        const verb = line.split(" ", 1)[0] ?? "";
        const content = data[verb];
        if (verb === "EPSV") {
          const connected = Promise.withResolvers<Socket>();
          dataConnection = connected.promise;
          // oxlint-disable-next-line no-await-in-loop -- one command after the other
          control.write(`229 (|||${await listening((socket) => connected.resolve(socket))}|)\r\n`);
        } else if (content === undefined) control.write(`${replies[verb] ?? "200 ok"}\r\n`);
        else {
          control.write("150 go\r\n");
          // oxlint-disable-next-line no-await-in-loop -- one command after the other
          (await dataConnection)?.end(content);
          control.write("226 done\r\n");
        }
      }
    };
    control.on("data", (chunk: Buffer) => void answer(chunk));
  });
}

before(async () => {
  url = `ftp://eve@127.0.0.1:${await startServer()}/pub/`;
});

after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

test("S-20 names that lead out of their directory are told of and never written", async () => {
  const target = join(scratch, "below", "target");
  mkdirSync(target, { recursive: true });
  const { code, stdout, stderr } = await runSallyport(
    ["get", url, "--recursive", "--output", `${target}/`, "--plain", "--verbose"],
    { environment: { SALLYPORT_PASSWORD: "x", HOME: scratch, XDG_CONFIG_HOME: scratch, NETRC: "/nonexistent" } },
  );
  assert.equal(code, 75, stderr);
  assert.match(stderr, /The server lists the name "\.\.\/evil\.txt", which would lead elsewhere/);
  assert.deepEqual(readdirSync(target), ["honest.txt"]);
  assert.deepEqual(readdirSync(join(scratch, "below")), ["target"]);
  for (const path of [join(scratch, "evil.txt"), "/etc/evil.txt"]) assert.ok(!existsSync(path), path);
  // oxlint-disable-next-line no-control-regex -- control characters are what must not come through
  assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/);
});
