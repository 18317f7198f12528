import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AccountDatabase, PasswordHasher } from "@sallyport/server/accounts";
import { errorCode, writeFileAtomically } from "./files.ts";
import type { StateDirectory } from "./state-directory.ts";

/** Who can log in to a demonstration. */
export interface DemoAccount {
  readonly name: string;
  readonly password: string;
}

const demoName = "demo";

/**
 * Makes what a first look needs: a directory with something in it, and an account `demo`. Its password is generated once
 * and kept beside the hash in a file of its own (mode 0600), so that later starts can print it again.
 */
export async function prepareDemo(state: StateDirectory): Promise<DemoAccount> {
  if (!existsSync(state.demoFiles)) {
    mkdirSync(state.demoFiles, { mode: 0o700 });
    writeFileSync(join(state.demoFiles, "welcome.txt"), welcome, { mode: 0o644 });
  }
  const password = keptPassword(state) ?? newPassword(state);
  await using accounts = await AccountDatabase.open(state.accounts, { create: true });
  await using hasher = new PasswordHasher();
  const stored = await accounts.find(demoName);
  if (stored === undefined) await accounts.add({ name: demoName, password });
  else if ((await hasher.verify(password, stored.passwordHash ?? "")) !== "match")
    await accounts.setPassword(demoName, password);
  return { name: demoName, password };
}

const welcome = `This file came over a data connection of its own. Look at the server's log: it says whether that
connection was encrypted, and whether it was bound to the control connection by TLS resumption.
`;

function keptPassword(state: StateDirectory): string | undefined {
  try {
    const password = readFileSync(state.demoPassword, "utf8").trim();
    return password === "" ? undefined : password;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Letters and digits that nobody mistakes for each other; four groups of four are 79 bits. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

function newPassword(state: StateDirectory): string {
  const group = () => Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join("");
  const password = Array.from({ length: 4 }, group).join("-");
  writeFileAtomically(state.demoPassword, `${password}\n`, 0o600);
  return password;
}
