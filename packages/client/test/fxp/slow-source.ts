import { connect, type Client, type ClientOptions, type Progress } from "@sallyport/client";
import assert from "node:assert/strict";
import { type Handler, startScriptedServer } from "../scripted-server.ts";
import { identity } from "./scene.ts";

// Servers count in the pieces that they write.
const content = Buffer.alloc(4 * 1024 * 1024, "x");
const half = content.length / 2;

/** Sends half of the file, and the rest when it is told to. */
export async function slowSource(go: Promise<unknown>, use: (source: Client) => Promise<void>): Promise<void> {
  const RETR: Handler = async (login) => {
    login.reply("150 coming");
    const data = await login.data();
    data.on("error", () => {}).write(content.subarray(0, half));
    await go;
    await new Promise((resolve) => data.resume().once("close", resolve).end(content.subarray(half)));
    return "226 done";
  };
  const tls = { cert: identity.certificate, key: identity.key };
  const answers = { RETR, SIZE: () => `213 ${content.length}`, ABOR: () => "226 given up" };
  await using server = await startScriptedServer(answers, { tls });
  await using source = await clientOf(server.port, identity.ca);
  await use(source);
}

export function clientOf(port: number, ca: string, options: ClientOptions = {}): Promise<Client> {
  return connect(`ftpes://alice:secret@127.0.0.1:${port}`, { ...options, retry: { attempts: 0 }, tls: { ca } });
}

export async function showsHalf(from: Client, to: Client, seen: () => void): Promise<void> {
  const progress: Progress[] = [];
  await from.fxp("file", to, "copy", {
    mode: "direct",
    onProgress: (one) => {
      progress.push(one);
      if (isUnderWay(one)) seen();
    },
  });
  assert.ok(progress.some(isUnderWay));
  assert.deepEqual(
    progress.slice(-3).map(({ phase, bytes }) => [phase, bytes]),
    ["confirm", "verify", "done"].map((phase) => [phase, content.length]),
  );
}

function isUnderWay({ phase, bytes }: Progress): boolean {
  return phase === "data" && bytes > 0 && bytes <= half;
}
