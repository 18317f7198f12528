import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LimitValues } from "@sallyport/protocol";
import { AccountDatabase } from "@sallyport/server/accounts";
import type { DemoAccount } from "../demo.ts";
import type { ServiceSettings } from "../settings.ts";
import type { StateDirectory } from "../state-directory.ts";
import { uploadDirectory } from "./public-storage.ts";
import type { VisitorAreasOptions } from "./visitor-areas.ts";

/** Who strangers log in as; the password is no secret, the greeting says it. */
const publicAccount: DemoAccount = { name: "demo", password: "password" };

const minutes = 60_000;

/** Up to 256 MiB of memory in all, kept for half an hour. */
const visitors: VisitorAreasOptions = {
  areaBytes: 4_194_304,
  areaEntriesCount: 1000,
  areasCount: 64,
  resetMs: 30 * minutes,
};

/** What strangers are held to beyond the limits that hold for everybody. */
const publicLimits: Partial<LimitValues> = {
  connectionsCount: 200,
  connectionsPerHostCount: 8,
  preLoginMs: 30_000,
  idleMs: 60_000,
  dataStallMs: 20_000,
  loginFailuresCount: 3,
  loginFailuresPerHostCount: 10,
  // The password is in the greeting: nobody can be locked out by guessing it.
  loginFailuresPerNameCount: Number.MAX_SAFE_INTEGER,
  listEntriesCount: 10_000,
  hashQueueCount: 4,
  passiveListenersCount: 128,
};

/** Octets per second of all strangers together, in each direction. */
const publicRate = 20_000_000;

/** The text of reply 220. */
const publicGreeting = `Test server. Log in as ${publicAccount.name} with password ${publicAccount.password}; what you write to ${uploadDirectory} only you see, for ${visitors.resetMs / minutes} minutes.`;

/** How a service differs that is open to strangers. */
export const publicSettings = {
  allowRoot: false,
  greeting: publicGreeting,
  limits: publicLimits,
  visitors,
} as const satisfies Partial<ServiceSettings>;

/**
 * Makes what a server open to strangers needs: its account, and unless a directory of one's own is served, a tree to
 * look at with samples to fetch.
 */
export async function preparePublicDemo(state: StateDirectory): Promise<DemoAccount> {
  if (!existsSync(state.demoFiles)) makeSamples(state.demoFiles);
  await using accounts = await AccountDatabase.open(state.accounts, { create: true });
  if ((await accounts.find(publicAccount.name)) === undefined) {
    await accounts.add({ ...publicAccount, uploadBytesPerSecond: publicRate, downloadBytesPerSecond: publicRate });
  }
  return publicAccount;
}

/** Whole or not at all, since it is made only where nothing is. */
function makeSamples(path: string): void {
  const staged = `${path}.${randomBytes(6).toString("hex")}.new`;
  mkdirSync(join(staged, "samples", "folders", "in", "folders"), { recursive: true, mode: 0o755 });
  writeFileSync(join(staged, "readme.txt"), readme);
  for (const [name, content] of samples()) writeFileSync(join(staged, "samples", name), content);
  try {
    renameSync(staged, path);
  } catch (error) {
    rmSync(staged, { recursive: true, force: true });
    throw error;
  }
}

const readme = `This server is here to be tried: with your FTP client, your program, your network.

Everything can be read. Below ${uploadDirectory} you can write as well, up to ${visitors.areaBytes / 1_048_576} MiB; what you write
is kept in memory, seen from your address alone, and gone after ${visitors.resetMs / minutes} minutes.
`;

function samples(): readonly (readonly [string, string | Uint8Array])[] {
  return [
    ["empty.bin", ""],
    ["lines.txt", "one\ntwo\nthree\n"],
    ["name with spaces.txt", "Names may have spaces.\n"],
    ["größe-中文.txt", "Names are UTF-8.\n"],
    ["1-KiB.bin", randomBytes(1024)],
    ["1-MiB.bin", randomBytes(1_048_576)],
    ["16-MiB.bin", randomBytes(16_777_216)],
  ];
}
