import { createHash, timingSafeEqual } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { compareSync } from "bcryptjs";
import { md5Crypt } from "./md5-crypt.ts";
import { shaCrypt } from "./sha-crypt.ts";

/** A question to the thread that checks hashes which keep a core busy from JavaScript. */
export interface ForeignHashJob {
  readonly scheme: "bcrypt" | "sha256-crypt" | "sha512-crypt" | "md5-crypt" | "apr1" | "sha1";
  readonly password: string;
  readonly text: string;
}

const checks: Readonly<Record<ForeignHashJob["scheme"], (password: string, text: string) => boolean>> = {
  bcrypt: compareSync,
  "sha256-crypt": (password, text) => equalTexts(shaCrypt(password, text), text),
  "sha512-crypt": (password, text) => equalTexts(shaCrypt(password, text), text),
  "md5-crypt": (password, text) => equalTexts(md5Crypt(password, text), text),
  apr1: (password, text) => equalTexts(md5Crypt(password, text), text),
  sha1: (password, text) => equalTexts(sha1Text(password), text),
};

parentPort?.on("message", ({ scheme, password, text }: ForeignHashJob) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a browser window
  parentPort?.postMessage(checks[scheme](password, text));
});

function sha1Text(password: string): string {
  return `{SHA}${createHash("sha1").update(password, "utf8").digest("base64")}`;
}

function equalTexts(computed: string, stored: string): boolean {
  const ours = Buffer.from(computed, "utf8");
  const theirs = Buffer.from(stored, "utf8");
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}
