import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { argon2Sync } from "node:crypto";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { AccountError, PasswordHasher, parsePasswordHash, unmatchableHash } from "@sallyport/server/accounts";
import { limitValues } from "@sallyport/protocol";
import { needs } from "@sallyport/testing";
import { md5Crypt } from "../../src/accounts/crypt/md5-crypt.ts";
import { shaCrypt } from "../../src/accounts/crypt/sha-crypt.ts";

/** Password lengths around the block and digest lengths of MD5, SHA-256 and SHA-512. */
const lengths = [0, 1, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 1024];

test("argon2id hashes are PHC text that matches its password alone", async () => {
  await using hasher = new PasswordHasher();
  const hash = await hasher.hash("correct horse");
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await hasher.verify("correct horse", hash), "match");
  assert.equal(await hasher.verify("correct horsf", hash), "mismatch");
  assert.equal(await hasher.verify("", hash), "mismatch");
  assert.notEqual(await hasher.hash("correct horse"), hash, "salts differ");
});

test("argon2id verifies the reference implementation's test vector", async () => {
  // From the test program of the reference implementation (argon2id, version 19, m=2^16, t=2, p=1, salt "somesalt").
  const vector = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  await using hasher = new PasswordHasher();
  assert.equal(await hasher.verify("password", vector), "match");
  assert.equal(await hasher.verify("differentpassword", vector), "mismatch");
});

test("$1$ and $apr1$ agree with openssl passwd at every length that matters", () => {
  for (const length of lengths) {
    const password = "pässwörd".repeat(200).slice(0, length);
    if (Buffer.byteLength(password) > 255) continue; // openssl passwd cuts longer ones
    for (const [flag, setting] of [
      ["-1", "$1$"],
      ["-apr1", "$apr1$"],
    ] as const) {
      for (const salt of ["a", "saltsalt", "x./9"]) {
        const theirs = opensslPasswd(flag, salt, password);
        assert.equal(md5Crypt(password, `${setting}${salt}$`), theirs, `${setting} with ${length} characters`);
      }
    }
  }
});

test("$5$ and $6$ agree with openssl passwd, also where the length is a multiple of the digest", () => {
  for (const length of lengths) {
    const password = "x".repeat(length);
    if (length === 0 || length > 255) continue; // openssl passwd takes neither
    for (const [flag, setting] of [
      ["-5", "$5$"],
      ["-6", "$6$"],
    ] as const) {
      assert.equal(shaCrypt(password, `${setting}saltsalt`), opensslPasswd(flag, "saltsalt", password), `${length}`);
    }
  }
});

test("$5$ and $6$ agree with libcrypt: rounds, long salts, empty and long passwords", () => {
  const vectors = [
    ["$5$saltstring", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"],
    [
      "$5$rounds=10000$saltstringsaltstring",
      "Hello world!",
      "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
    ],
    [
      "$6$rounds=1000$a",
      "",
      "$6$rounds=1000$a$q/ZSdy9IBSzcpbaIjdRTOu569QiYiP4n7Ab08Oq1Ir6J.GD1xR3BAwRIYHnavtE1Wzodknd9BxknlHhFBP/az1",
    ],
    [
      "$6$saltstring",
      "é".repeat(255),
      "$6$saltstring$/TpFLfwLtIWF7WJzz96YyKDZoxkGVpj1YXXyqUxxV1Kf2cggInJdfCpC8FWb3n99OAULsPoeaqRtdXn8nKv5v0",
    ],
  ] as const;
  for (const [setting, password, hash] of vectors) assert.equal(shaCrypt(password, setting), hash);
});

test("imported hashes of every scheme match their password alone", async () => {
  await using hasher = new PasswordHasher();
  const hashes = [
    hashSync("sécret", 4),
    hashSync("sécret", 4).replace("$2b$", "$2y$"),
    hashSync("sécret", 4).replace("$2b$", "$2a$"),
    opensslPasswd("-5", "abc", "sécret"),
    opensslPasswd("-6", "abc", "sécret"),
    opensslPasswd("-1", "abc", "sécret"),
    opensslPasswd("-apr1", "abc", "sécret"),
    `{SHA}${execFileSync("openssl", ["dgst", "-sha1", "-binary"], { input: "sécret" }).toString("base64")}`,
  ];
  for (const hash of hashes) {
    assert.equal(await hasher.verify("sécret", hash), "match", hash);
    assert.equal(await hasher.verify("secret", hash), "mismatch", hash);
    assert.equal(await hasher.verify("", hash), "mismatch", hash);
    assert.equal(hasher.isOutdated(hash), true);
  }
  assert.equal(hasher.isOutdated(await hasher.hash("x")), false);
  assert.equal(hasher.isOutdated(unmatchableHash()), false);
  assert.equal(
    hasher.isOutdated("$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
    true,
  );
});

test("htpasswd's own output is understood", async (t) => {
  if (!present("htpasswd")) return t.skip("htpasswd is not installed (Debian: apache2-utils)");
  await using hasher = new PasswordHasher();
  for (const flags of ["-nbm", "-nbB", "-nbs"]) {
    const [, hash = ""] = execFileSync("htpasswd", [flags, "x", "s3cret"], { encoding: "utf8" }).trim().split(":");
    assert.equal(await hasher.verify("s3cret", hash), "match", flags);
    assert.equal(await hasher.verify("s3creT", hash), "mismatch", flags);
  }
});

test("empty, unknown, malformed and too costly hashes match nothing and are refused at once", async () => {
  await using hasher = new PasswordHasher();
  const tag = "A".repeat(43);
  const cases = {
    "": "empty",
    "*": "unknown-scheme",
    "!": "unknown-scheme",
    x: "unknown-scheme",
    "plain text": "unknown-scheme",
    abJnggxhB6yWI: "unknown-scheme",
    $y$j9T$abc$def: "unknown-scheme",
    $6$: "malformed",
    "$6$rounds=$x$y": "malformed",
    [`$5$rounds=999$salt$${"a".repeat(43)}`]: "malformed",
    [`$5$rounds=999999999$salt$${"a".repeat(43)}`]: "too-costly",
    [`$6$rounds=1000001$salt$${"a".repeat(86)}`]: "too-costly",
    $2b$05$short: "malformed",
    [`$2b$03$${"a".repeat(53)}`]: "malformed",
    [`$2b$31$${"a".repeat(53)}`]: "too-costly",
    [`$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$${tag}`]: "too-costly",
    [`$argon2id$v=19$m=19456,t=4000000000,p=1$c29tZXNhbHQ$${tag}`]: "too-costly",
    [`$argon2id$v=19$m=131072,t=65,p=1$c29tZXNhbHQ$${tag}`]: "too-costly",
    [`$argon2id$v=19$m=131073,t=1,p=1$c29tZXNhbHQ$${tag}`]: "too-costly",
    [`$argon2id$v=19$m=65536,t=1,p=255$c29tZXNhbHQ$${tag}`]: "too-costly",
    [`$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$${tag}`]: "malformed",
    [`$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHQ$${tag}`]: "malformed",
    [`$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHQ$${tag}`]: "malformed",
    [`$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$${tag}`]: "unknown-scheme",
    "{SHA}": "malformed",
    "{SSHA}abc": "unknown-scheme",
  };
  const startedMs = performance.now();
  for (const [hash, reason] of Object.entries(cases)) {
    for (const password of ["", hash, "x"]) assert.equal(await hasher.verify(password, hash), reason, hash);
    assert.equal(hasher.refusal(hash), reason);
  }
  assert.ok(performance.now() - startedMs < 2000, "no refused hash was computed");
});

test("passwords are bounded in octets of UTF-8, not in characters", async () => {
  await using hasher = new PasswordHasher({ limits: { passwordBytes: 8 } });
  const hash = await hasher.hash("éééé");
  assert.equal(await hasher.verify("éééé", hash), "match");
  const refused = { code: "SALLYPORT_ACCOUNT_PASSWORD_NOT_ALLOWED" };
  await assert.rejects(hasher.hash("ééééx"), refused);
  await assert.rejects(hasher.hash(""), refused);
  const long = argon2idText("ééééx");
  assert.equal(await hasher.verify("ééééx", long), "mismatch", "a longer password is not even hashed");
});

test("S-13 the queue is bounded, keeps its order and recovers", async () => {
  await using hasher = new PasswordHasher({ concurrency: 1, limits: { passwordQueueCount: 2 } });
  const hash = await hasher.hash("x");
  const finished: number[] = [];
  const checks = [0, 1, 2, 3, 4].map(async (index) => {
    const verdict = await hasher.verify("x", hash);
    finished.push(index);
    return verdict;
  });
  const outcomes = await Promise.allSettled(checks);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : kindOf(outcome.reason))),
    ["match", "match", "match", "busy", "busy"],
  );
  assert.deepEqual(finished, [0, 1, 2]);
  assert.equal(await hasher.verify("x", hash), "match");
});

/** Asks for checks at the same time; says whose ended in which order, and whose were refused. */
async function checkAll(
  hasher: PasswordHasher,
  asked: readonly (readonly [name: string, precedence: "trusted" | "unknown" | "failing"])[],
) {
  const hash = unmatchableHash();
  const order: string[] = [];
  const refused: string[] = [];
  const check = async (name: string, precedence: "trusted" | "unknown" | "failing"): Promise<void> => {
    try {
      await hasher.verify("x", hash, { precedence });
      order.push(name);
    } catch (error) {
      assert.equal(kindOf(error), "busy");
      refused.push(name);
    }
  };
  await Promise.all(asked.map(([name, precedence]) => check(name, precedence)));
  return { order, refused };
}

test("S-13 known clients go first, and strangers give way when the queue is full", async () => {
  await using hasher = new PasswordHasher({ concurrency: 1, limits: { passwordQueueCount: 3 } });
  const { order, refused } = await checkAll(hasher, [
    ["running", "unknown"],
    ["unknown 1", "unknown"],
    ["unknown 2", "unknown"],
    ["unknown 3", "unknown"],
    ["trusted 1", "trusted"],
    ["trusted 2", "trusted"],
    ["unknown 4", "unknown"],
  ]);
  assert.deepEqual(order, ["running", "trusted 1", "trusted 2", "unknown 1"]);
  assert.deepEqual(refused.toSorted(), ["unknown 2", "unknown 3", "unknown 4"]);
});

test("S-13 those who fail wait for each other, and take no place from anybody else", async () => {
  await using hasher = new PasswordHasher({ concurrency: 1, limits: { passwordQueueCount: 2 } });
  const failing = Array.from({ length: 6 }, (_, index) => [`failing ${index}`, "failing"] as const);
  const { order, refused } = await checkAll(hasher, [
    ...failing,
    ["unknown 1", "unknown"],
    ["unknown 2", "unknown"],
    ["trusted", "trusted"],
  ]);
  assert.deepEqual(refused.toSorted(), ["failing 3", "failing 4", "failing 5"]);
  assert.deepEqual(
    order.filter((name) => !name.startsWith("failing")),
    ["unknown 1", "trusted", "unknown 2"],
  );
});

test("S-13 who has gone makes room in the queue", async () => {
  await using hasher = new PasswordHasher({ concurrency: 1, limits: { passwordQueueCount: 1 } });
  const hash = await hasher.hash("x");
  const running = hasher.verify("x", hash);
  const peer = new AbortController();
  const waiting = hasher.verify("x", hash, { gone: peer.signal });
  await assert.rejects(hasher.verify("x", hash), { kind: "busy" });
  peer.abort();
  await assert.rejects(waiting, { kind: "busy" });
  const next = hasher.verify("x", hash);
  await assert.rejects(hasher.verify("x", hash, { gone: AbortSignal.abort() }), { kind: "busy" });
  assert.deepEqual(await Promise.all([running, next]), ["match", "match"]);
});

test("S-13 who fails is checked behind everything else, and nobody else is", { skip: needs("linux") }, async () => {
  const steppedBack = () => nicenesses().filter((niceness) => niceness === 10).length;
  const before = steppedBack();
  await using hasher = new PasswordHasher({ concurrency: 1 });
  for (const precedence of ["trusted", "unknown"] as const) {
    await hasher.verify("x", unmatchableHash(), { precedence });
    assert.equal(steppedBack(), before, precedence);
  }
  await hasher.verify("x", unmatchableHash(), { precedence: "failing" });
  assert.equal(steppedBack(), before + 1);
});

/** The niceness of each thread of this process (proc(5), field 19 of stat). */
function nicenesses(): number[] {
  return readdirSync("/proc/self/task").map((thread) => {
    const text = readFileSync(`/proc/self/task/${thread}/stat`, "latin1");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[16]);
  });
}

test("pure-pw's argon2id hashes are accepted, made cheaper, and hold up nobody", async () => {
  // Made by pure-pw of Pure-FTPd 1.0.50 with -C 60; by default it takes 8 MiB and 1023 passes, four seconds here.
  const hash = "$argon2id$v=19$m=1092,t=2047,p=1$RiV6WVvsYcP35HQIYpBvMQ$Dhi87h657kdG+XeJtqEHj6AFI7q409AZw4zUZAFXR0Q";
  await using hasher = new PasswordHasher();
  assert.equal(hasher.refusal(hash.replace("m=1092,t=2047", "m=8192,t=1023")), undefined);
  assert.equal(hasher.isOutdated(hash), true);
  const finished: string[] = [];
  const check = async (name: string, stored: string): Promise<string> => {
    const verdict = await hasher.verify("s3cret", stored);
    finished.push(name);
    return verdict;
  };
  const slow = [check("slow", hash), check("slow", hash)];
  await check("quick", unmatchableHash());
  assert.deepEqual(finished, ["quick"]);
  assert.deepEqual(await Promise.all(slow), ["match", "match"]);
});

test("S-13 a check whose turn comes too late is given up", async () => {
  await using hasher = new PasswordHasher({ concurrency: 1, limits: { passwordWaitMs: 1 } });
  const outcomes = await Promise.allSettled([hasher.hash("a"), hasher.hash("b"), hasher.hash("c")]);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === "fulfilled" ? "hashed" : kindOf(outcome.reason))),
    ["hashed", "busy", "busy"],
  );
  assert.match(await hasher.hash("d"), /^\$argon2id/);
});

test("the event loop stays free while hashes of every scheme are checked", async () => {
  await using hasher = new PasswordHasher();
  const slow = shaSetting(400_000); // more than half a second of a free core
  const bcrypt = hashSync("x", 4).replace("$04$", "$11$");
  await hasher.verify("warm-up", slow);
  let longestMs = 0;
  let previousMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - previousMs);
    previousMs = nowMs;
  }, 5);
  await Promise.all([hasher.verify("x", slow), hasher.verify("x", bcrypt), hasher.verify("x", unmatchableHash())]);
  clearInterval(timer);
  assert.ok(longestMs < 350, `the event loop stood still for ${longestMs} ms`);
});

test("parsing never throws, whatever the text", () => {
  const limits = limitValues();
  for (const prefix of ["", "$argon2id$", "$2b$", "$5$", "$6$", "$1$", "$apr1$", "{SHA}"]) {
    for (const rest of ["", "$", "$$$$", "\0", "é".repeat(500), "rounds=1e9$", "v=19$m=1,t=1,p=1$$"]) {
      assert.equal(typeof parsePasswordHash(prefix + rest, limits), "string");
    }
  }
});

function opensslPasswd(flag: string, salt: string, password: string): string {
  const args = ["passwd", flag, "-salt", salt, "-stdin"];
  return execFileSync("openssl", args, { input: `${password}\n`, encoding: "utf8" }).trim();
}

function shaSetting(rounds: number): string {
  return `$6$rounds=${rounds}$saltsalt$${"a".repeat(86)}`;
}

function argon2idText(password: string): string {
  const nonce = Buffer.from("somesalt");
  const tag = argon2Sync("argon2id", {
    message: password,
    nonce,
    memory: 64,
    passes: 1,
    parallelism: 1,
    tagLength: 32,
  });
  return `$argon2id$v=19$m=64,t=1,p=1$${nonce.toString("base64").replace(/=+$/, "")}$${tag.toString("base64").replace(/=+$/, "")}`;
}

function present(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function kindOf(reason: unknown): string {
  return reason instanceof AccountError ? reason.kind : String(reason);
}
