import {
  AccountDatabase,
  AnonymousAuthenticator,
  DatabaseAuthenticator,
  firstOf,
  PasswordHasher,
} from "@sallyport/server/accounts";
import { type DrivenReply, testAuthenticator, type TestServerOptions } from "@sallyport/testing";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { anyCertificate, type Approach, type Attack, demand, pause, type Target } from "./attack.ts";

const patient = {
  loginDelayMs: 0,
  loginFailuresCount: 1000,
  loginFailuresPerHostCount: 1000,
  loginFailuresPerNameCount: 1000,
} as const;
const quick = { loginDelayMs: 40, loginDelayMaxMs: 200 } as const;

/** Attacks on who may log in. */
export const loginAttacks: readonly Attack[] = [
  {
    ids: "S-12",
    title: "names that exist and names that do not get the same codes and texts",
    setup: { limits: patient },
    run: async (target) => {
      const [known, unknown, odd] = [
        await talk(target, "alice"),
        await talk(target, "nobody"),
        await talk(target, "al%n/.."),
      ];
      demand(known === unknown && known === odd, `${known} is not ${unknown} is not ${odd}`);
    },
  },
  {
    ids: "S-12",
    title: "a wrong password takes as long for a name that does not exist, coarsely",
    setup: databaseOfOne,
    measuresTime: true,
    run: async (target) => {
      const times: Record<string, number[]> = { alice: [], nobody: [] };
      for (let round = 0; round < 9; round++) {
        // Each is first in every other round, so that what comes at intervals meets both.
        const names = Object.keys(times);
        for (const user of round % 2 === 0 ? names : names.toReversed()) times[user]?.push(await timed(target, user));
      }
      // The least is what the check itself costs, however busy the machine is.
      const [known = 0, unknown = 0] = Object.values(times).map((found) => Math.min(...found));
      const ratio = unknown / known;
      demand(ratio > 0.25 && ratio < 4, `${unknown.toFixed(1)} ms where a known name takes ${known.toFixed(1)} ms`);
    },
  },
  {
    ids: "S-09",
    title: "a user name is no part of a query",
    setup: databaseOfOne,
    run: async (target) => {
      for (const user of ["' OR '1'='1", "alice' --", "alice'; UPDATE account SET name='x'; --", '" OR ""="', "%"]) {
        await using driver = await secured(target);
        await driver.command(`USER ${user}`);
        const { code } = await driver.command("PASS ' OR '1'='1");
        demand(code === 530, `${user} was answered ${code}`);
      }
      demand((await logInCode(target, {})) === 230, "the account is gone");
    },
  },
  {
    ids: "S-13",
    title: "wrong passwords are answered later each time, and then end the connection",
    setup: { limits: { ...quick, loginFailuresCount: 4 } },
    run: async (target) => {
      await using driver = await secured(target);
      const replies: DrivenReply[] = [];
      const times: number[] = [];
      for (let round = 0; round < 6 && !driver.ended; round++) {
        const beganMs = performance.now();
        await driver.command("USER alice").catch(() => undefined);
        const reply = await driver.command(`PASS wrong${round}`).catch(() => undefined);
        if (reply === undefined) break;
        replies.push(reply);
        times.push(performance.now() - beganMs);
      }
      demand(replies.length <= 4 && replies.at(-1)?.code === 421, `${replies.length} guesses on one connection`);
      demand((times[2] ?? 0) >= 140, `the third wrong password was answered after ${times[2]?.toFixed(0)} ms`);
    },
  },
  {
    ids: "S-13",
    title: "an address that guesses over many connections is banned, and the owner elsewhere is not locked out",
    setup: {
      limits: { loginDelayMs: 1, loginDelayMaxMs: 5, loginFailuresPerHostCount: 6, loginFailuresPerNameCount: 6 },
    },
    run: async (target) => {
      await using _ = await target.loggedIn("alice", { from: "127.0.0.9" });
      let guesses = 0;
      for (; guesses < 12; guesses++) {
        const code = await guess(target, { from: "127.0.0.7", timeoutMs: 1000 });
        if (code !== 530) break;
      }
      demand(guesses <= 6, `${guesses} guesses were heard from one address`);
      const right = await logInCode(target, { from: "127.0.0.7", timeoutMs: 1000 });
      demand(right !== 230, "the right password lets a banned address in");
      const owner = await logInCode(target, { from: "127.0.0.9", timeoutMs: 3000 });
      demand(owner === 230, `the owner is locked out: ${owner}`);
    },
  },
  {
    ids: "S-13",
    title: "guesses from many addresses at once do not go faster than strangers may",
    setup: { limits: { loginDelayMs: 1, loginDelayMaxMs: 5, loginFailuresPerNameCount: 4, loginWaitMs: 100 } },
    run: async (target) => {
      for (let host = 1; host <= 4; host++) await guess(target, { from: `127.0.1.${host}` });
      // From here on the right password must wait its turn as wrong ones do, unchecked once the queue is full.
      const codes = await Promise.all(
        Array.from({ length: 12 }, (_, index) => logInCode(target, { from: `127.0.2.${index + 1}`, timeoutMs: 3000 })),
      );
      const heard = codes.filter((code) => code === 230).length;
      demand(heard <= 3, `${heard} of 12 strangers at once had their guess checked`);
    },
  },
  {
    ids: "S-26",
    title: "anonymous is off",
    setup: { limits: patient },
    run: async (target) => {
      for (const user of ["anonymous", "ftp", "ANONYMOUS", "guest"]) {
        await using driver = await secured(target);
        await driver.command(`USER ${user}`);
        const { code } = await driver.command("PASS me@example.net");
        demand(code === 530, `${user} was answered ${code}`);
      }
    },
  },
  {
    ids: "S-26",
    title: "anonymous, where it is on, changes nothing",
    setup: { authenticator: firstOf([new AnonymousAuthenticator(), testAuthenticator({})]) },
    run: async (target) => {
      const kept = join(target.directory, "kept");
      writeFileSync(kept, "kept");
      await using driver = await secured(target);
      await driver.expect("USER anonymous", 331);
      await driver.expect("PASS me@example.net", 230);
      await driver.expect("PBSZ 0", 200);
      await driver.expect("PROT P", 200);
      for (const line of ["STOR new", "STOR .htaccess", "APPE kept", "STOU"]) {
        const { opening } = await driver.store(line, Buffer.from("warez"));
        demand(opening.code >= 500, `${line} was answered ${opening.code}`);
      }
      for (const line of ["MKD dir", "DELE kept", "SITE CHMOD 777 kept", "MFMT 20020717210715 kept"]) {
        const { code } = await driver.command(line);
        demand(code >= 500, `${line} was answered ${code}`);
      }
      await driver.command("RNFR kept");
      const { code } = await driver.command("RNTO moved");
      demand(code >= 500, `RNTO was answered ${code}`);
      demand(existsSync(kept) && readFileSync(kept, "utf8") === "kept", "a file was changed");
    },
  },
];

/** Accounts as they are in service: one in a database, with a hash that takes its time. */
export async function databaseOfOne(): Promise<TestServerOptions> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-attacked-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const accounts = await AccountDatabase.open(join(folder, "accounts.db"), { create: true });
  await accounts.add({ name: "alice", password: "secret" });
  return { authenticator: new DatabaseAuthenticator({ accounts, hasher: new PasswordHasher({}) }), limits: patient };
}

async function secured(target: Target, approach?: Approach) {
  const driver = await target.greeted(approach);
  await driver.expect("AUTH TLS", 234);
  await driver.startTls(anyCertificate);
  return driver;
}

/** What USER and a wrong PASS are answered, the name left out. */
async function talk(target: Target, user: string): Promise<string> {
  await using driver = await secured(target);
  const replies = [await driver.command(`USER ${user}`), await driver.command("PASS wrong")];
  return replies.map(({ text }) => text.replaceAll(user, "NAME")).join(" / ");
}

/** How long a wrong password takes over a connection of its own, in milliseconds. */
export async function timed(target: Target, user: string): Promise<number> {
  await using driver = await secured(target);
  await driver.command(`USER ${user}`);
  const beganMs = performance.now();
  await driver.command("PASS wrong");
  return performance.now() - beganMs;
}

async function guess(target: Target, approach: Approach): Promise<number> {
  return logInCode(target, approach, "wrong");
}

/** The code of PASS; 0 where the connection was refused or ended before. */
async function logInCode(target: Target, approach: Approach, password = "secret"): Promise<number> {
  try {
    await using driver = await secured(target, approach);
    await driver.command("USER alice");
    return (await driver.command(`PASS ${password}`)).code;
  } catch {
    await pause(1);
    return 0;
  }
}
