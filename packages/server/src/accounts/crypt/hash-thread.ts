import { argon2Sync } from "node:crypto";
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { compareSync } from "bcryptjs";
import { equalTexts } from "./equal-texts.ts";
import { md5Crypt } from "./md5-crypt.ts";
import { shaCrypt } from "./sha-crypt.ts";

/** What a thread for hashes is asked: whether a password matches a text, or what argon2id makes of it. */
export type HashJob =
  | {
      readonly scheme: "bcrypt" | "sha256-crypt" | "sha512-crypt" | "md5-crypt" | "apr1";
      readonly password: string;
      readonly text: string;
    }
  | {
      readonly scheme: "argon2id";
      readonly password: string;
      readonly salt: Uint8Array;
      readonly memoryKib: number;
      readonly passes: number;
      readonly parallelism: number;
      readonly tagBytes: number;
    };

/** Whether a thread steps back for everything else, from the beginning and for good. */
export type HashThreadKind = "prompt" | "patient";

/** What steps back gets about a tenth of a core that one other wants (weight 110 of 1024). */
const niceness = 10;

type TextScheme = Exclude<HashJob["scheme"], "argon2id">;

const checks: Readonly<Record<TextScheme, (password: string, text: string) => boolean>> = {
  bcrypt: compareSync,
  "sha256-crypt": (password, text) => equalTexts(shaCrypt(password, text), text),
  "sha512-crypt": (password, text) => equalTexts(shaCrypt(password, text), text),
  "md5-crypt": (password, text) => equalTexts(md5Crypt(password, text), text),
  apr1: (password, text) => equalTexts(md5Crypt(password, text), text),
};

if (workerData === "patient") stepBack();

parentPort?.on("message", (job: HashJob) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a browser window
  parentPort?.postMessage(answer(job));
});

function answer(job: HashJob): boolean | Uint8Array {
  if (job.scheme !== "argon2id") return checks[job.scheme](job.password, job.text);
  return argon2Sync("argon2id", {
    message: Buffer.from(job.password, "utf8"),
    nonce: job.salt,
    memory: job.memoryKib,
    passes: job.passes,
    parallelism: job.parallelism,
    tagLength: job.tagBytes,
  });
}

/** Lowers the priority of this thread alone; where a thread has no number, it stays as it is. */
function stepBack(): void {
  try {
    const thread = readlinkSync("/proc/thread-self").split("/").at(-1);
    setPriority(Number(thread), niceness);
  } catch {}
}
