import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, test } from "node:test";
import { clientServer, writeBelow } from "./client-server.ts";

const { home, scratch, url, run } = clientServer();
const here = join(scratch, "here");

beforeEach(() => {
  for (const folder of [here, join(home, "pub"), join(home, "www")]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(here);
  writeBelow(home, "pub/big.bin", randomBytes(2_000_000));
  writeBelow(home, "pub/deep/er/last.txt", "last\n");
  writeBelow(home, "pub/logs/one.gz", "gz");
});

function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("mirror", () => {
  test("a directory of the server comes, with its times, and the second run does nothing", async () => {
    const words = ["mirror", `${url.explicit}/pub`, join(here, "pub"), "--parallel", "8"];
    const first = await run(words);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^3 files, 1\.9 MiB in 0:0\d; 3 directories made\.\n$/);
    assert.ok(readFileSync(join(here, "pub/big.bin")).equals(readFileSync(join(home, "pub/big.bin"))));
    const [mine, theirs] = [join(here, "pub/big.bin"), join(home, "pub/big.bin")].map((path) => statSync(path).mtimeMs);
    assert.ok(Math.abs((mine ?? 0) - (theirs ?? 0)) < 1000);
    const second = await run(words);
    assert.match(second.stdout, /^0 files, 0 B in 0:0\d\.\n$/);
  });

  test("a local directory goes to the server, and what is extra there is deleted", async () => {
    writeBelow(here, "site/index.html", "<p>");
    writeBelow(here, "site/a/b.css", "p {}");
    writeBelow(home, "www/old/page.html", "old");
    const words = ["mirror", join(here, "site"), `${url.implicit}/www`, "--delete"];
    const dry = await run([...words, "--dry-run"]);
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /^make {6}a\/\ntransfer {2}a\/b\.css \(4 B\)\ntransfer {2}index\.html \(3 B\)\n/);
    assert.match(dry.stdout, /\ndelete {4}old\/page\.html\ndelete {4}old\/\nWould be done: .*2 deleted\.\n$/);
    assert.ok(existsSync(join(home, "www/old/page.html")));
    const done = await run(words);
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(readdirSync(join(home, "www"), { recursive: true }).toSorted(), ["a", "a/b.css", "index.html"]);
  });

  test("bounds on size and age leave files out, on both sides", async () => {
    writeBelow(home, "pub/logs/today.log", "news");
    const old = new Date(Date.now() - 30 * 86_400_000);
    utimesSync(join(home, "pub/deep/er/last.txt"), old, old);
    const planned = async (...words: string[]): Promise<readonly unknown[]> => {
      const { code, stdout, stderr } = await run([
        "mirror",
        `${url.explicit}/pub`,
        here,
        "--dry-run",
        "--json",
        ...words,
      ]);
      assert.equal(code, 0, stderr);
      return jsonLines(stdout).flatMap(({ action, path }) => (action === "transfer" ? [path] : []));
    };
    assert.deepEqual(await planned("--min-size", "1M"), ["big.bin"]);
    assert.deepEqual(await planned("--max-size", "3"), ["logs/one.gz"]);
    assert.deepEqual(await planned("--older-than", "7d"), ["deep/er/last.txt"]);
    assert.deepEqual(await planned("--newer-than", "2w", "--max-size", "1K"), ["logs/one.gz", "logs/today.log"]);
    writeBelow(here, "big.bin", "larger there");
    await run(["mirror", `${url.explicit}/pub`, here, "--max-size", "1K", "--delete", "--no-resume"]);
    assert.ok(existsSync(join(here, "big.bin")), "what is left out is not deleted");
  });

  test("--json has one object for each step and a summary, also in a dry run", async () => {
    const words = ["mirror", `${url.explicit}/pub`, here, "--parallel", "8", "--delete", "--json"];
    const dry = jsonLines((await run([...words, "--dry-run"])).stdout);
    const wanted = { action: "transfer", path: "big.bin", size: 2_000_000, outcome: "planned" };
    assert.partialDeepStrictEqual(
      dry.find(({ path }) => path === "big.bin"),
      wanted,
    );
    assert.partialDeepStrictEqual(dry.at(-1), {
      summary: { files: 3, bytes: 2_000_007, directories: 3, dryRun: true },
    });
    const done = jsonLines((await run(words)).stdout);
    const moved = { action: "transfer", outcome: "done", bytes: 2_000_000, resumedFrom: 0 };
    assert.partialDeepStrictEqual(
      done.find(({ path }) => path === "big.bin"),
      moved,
    );
    assert.partialDeepStrictEqual(done.at(-1), { summary: { files: 3, failed: 0, dryRun: false } });
  });

  test("patterns choose what comes, and what they leave out is not deleted", async () => {
    writeBelow(here, "kept.txt", "not the mirror's");
    const words = ["mirror", `${url.explicit}/pub`, here, "--delete", "--no-empty-directories"];
    const { code, stderr } = await run([...words, "--include", "*.gz", "--include-regex", "last", "--exclude", "er/"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(here, { recursive: true }).toSorted(), ["kept.txt", "logs", "logs/one.gz"]);
    const wrong = await run([...words, "--exclude-regex", "("]);
    assert.equal(wrong.code, 64);
    assert.match(wrong.stderr, /Rule 1: The regular expression is malformed/);
  });

  test("nothing is deleted for an empty source or above --max-delete, and the exit code says so", async () => {
    writeBelow(here, "a", "a");
    writeBelow(here, "b", "b");
    mkdirSync(join(home, "www"));
    const empty = await run(["mirror", `${url.explicit}/www`, here, "--delete"]);
    assert.equal(empty.code, 1);
    assert.match(empty.stderr, /Nothing was deleted: the source is empty; --empty-source deletes even so/);
    writeFileSync(join(home, "www/a"), "a");
    const few = await run(["mirror", `${url.explicit}/www`, here, "--delete", "--emptySource", "--max-delete", "0"]);
    assert.equal(few.code, 64);
    writeBelow(here, "c", "c");
    const many = await run(["mirror", `${url.explicit}/www`, here, "--delete", "--max-delete", "1"]);
    assert.equal(many.code, 75);
    assert.match(many.stderr, /Nothing was deleted: more would be deleted than --max-delete says/);
    assert.deepEqual(readdirSync(here).toSorted(), ["a", "b", "c"]);
  });

  test("a conflict is told of, the rest is done, and the exit code is that of a part", async () => {
    writeBelow(here, "deep", "a file where a directory has to be");
    const { code, stderr } = await run(["mirror", `${url.explicit}/pub`, here]);
    assert.equal(code, 75);
    assert.match(stderr, /"deep" stays as it is: one side has a directory there and the other a file/);
    assert.ok(existsSync(join(here, "logs/one.gz")));
  });

  test("what cannot be is said in a sentence", async () => {
    const cases = [
      [["mirror", here, here], 64, /one of the two has to be a URL/],
      [["mirror", join(here, "missing"), `${url.explicit}/www`], 66, /missing.* does not exist/],
      [["mirror", join(home, "pub/big.bin"), `${url.explicit}/www`], 64, /is no directory/],
      [["mirror", `${url.explicit}/nowhere`, here], 66, /refuses MLSD nowhere: 550/],
      [["mirror", `${url.explicit}/pub`, here, "--compare", "size,colour"], 64, /size, time and hash/],
    ] as const;
    for (const [words, code, message] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- one command at a time
      const outcome = await run(words);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, message);
    }
  });
});
