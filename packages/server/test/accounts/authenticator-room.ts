import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  AccountDatabase,
  type Authenticator,
  DatabaseAuthenticator,
  type DatabaseAuthenticatorOptions,
  type LoginFacts,
  PasswordHasher,
} from "@sallyport/server/accounts";

export const facts: LoginFacts = { remoteAddress: "192.0.2.1", tls: true };
/** What the clock of a {@link room} shows. */
export const nowMs = 1_800_000_000_000;

/** Interleaves the names so that whatever slows the machine down meets all of them alike. */
export async function timings<const Names extends readonly string[]>(
  authenticator: Authenticator,
  users: Names,
  roundsCount: number,
): Promise<{ [Index in keyof Names]: number[] }> {
  const samples = users.map((): number[] => []);
  for (let round = -2; round < roundsCount; round++) {
    for (const [index, user] of users.entries()) {
      const startedMs = performance.now();
      await authenticator.authenticate(user, "wrong", facts);
      if (round >= 0) samples[index]?.push(performance.now() - startedMs);
    }
  }
  return samples as { [Index in keyof Names]: number[] };
}

export interface Room {
  readonly accounts: AccountDatabase;
  readonly authenticator: DatabaseAuthenticator;
}

export async function room(
  t: TestContext,
  options: Partial<DatabaseAuthenticatorOptions> = {},
  hasherOptions: ConstructorParameters<typeof PasswordHasher>[0] = {},
): Promise<Room> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-authenticator-"));
  const hasher = new PasswordHasher(hasherOptions);
  const accounts = await AccountDatabase.open(join(directory, "accounts.db"), { create: true });
  const authenticator = new DatabaseAuthenticator({ accounts, hasher, now: () => nowMs, ...options });
  t.after(async () => {
    await authenticator[Symbol.asyncDispose]();
    await accounts.close();
    await hasher[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });
  return { accounts, authenticator };
}
