import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { before, describe, test } from "node:test";
import { clientServer, password, writeBelow } from "./client-server.ts";
import { spawnSallyport, oneSentence } from "./run-sallyport.ts";

const { home, scratch, state, url, run, runBare } = clientServer();
const big = randomBytes(3_000_000);

before(() => {
  writeBelow(home, "pub/big.iso", big);
  writeBelow(home, "pub/hello.txt", "hello\n");
  writeBelow(home, "pub/deep/er/last.txt", "last\n");
  mkdirSync(join(home, "empty"));
});

function isLargePart(path: string): boolean {
  return path.includes("resumed.bin.sallyport-part") && statSync(path).size > 200_000;
}

function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("ls and tree", () => {
  test("list what there is, in both modes of TLS, with one line at the end", async () => {
    for (const server of [url.explicit, url.implicit]) {
      // oxlint-disable-next-line no-await-in-loop -- one command at a time
      const { code, stdout, stderr } = await run(["ls", `${server}/pub`]);
      assert.equal(code, 0, stderr);
      assert.equal(stderr, "");
      assert.match(
        stdout,
        /^-.* 2\.9 MiB {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}big\.iso\nd.* deep\/\n-.* 6 B .* hello\.txt\n/,
      );
      assert.match(stdout, /\n1 directory, 2 files, 2\.9 MiB\n$/);
    }
  });

  test("--json is one object a line", async () => {
    const { stdout } = await run(["ls", `${url.explicit}/pub`, "--json", "--sort", "size"]);
    const entries = jsonLines(stdout);
    assert.deepEqual(
      entries.map(({ name, type }) => [name, type]),
      [
        ["big.iso", "file"],
        ["hello.txt", "file"],
        ["deep", "directory"],
      ],
    );
    assert.equal(entries[0]?.["size"], big.length);
    assert.equal(entries[0]?.["path"], "pub/big.iso");
    assert.match(JSON.stringify(entries[0]?.["modified"]), /^\{"instant":"20.*Z","precision":".*","zone":"utc"\}$/);
  });

  test("patterns match within one name, on every level", async () => {
    const found = await run(["ls", `${url.explicit}/p*/[bh]*`, "--names"]);
    assert.equal(found.stdout, "pub/big.iso\npub/hello.txt\n");
    const none = await run(["ls", `${url.explicit}/pub/*.zip`]);
    assert.equal(none.code, 66);
    assert.equal(none.stderr, 'sallyport: Nothing on the server matches "pub/*.zip".\n');
  });

  test("--recursive and tree show what lies below", async () => {
    const { stdout } = await run(["ls", `${url.explicit}/pub`, "--recursive", "--names"]);
    assert.match(stdout, /^pub\/big\.iso\npub\/deep\npub\/deep\/er\npub\/deep\/er\/last\.txt\npub\/hello\.txt\n$/);
    const drawn = await run(["tree", `${url.explicit}/pub`]);
    assert.equal(
      drawn.stdout,
      [
        "pub",
        "├── big.iso  2.9 MiB",
        "├── deep/",
        "│   └── er/",
        "│       └── last.txt  5 B",
        "└── hello.txt  6 B",
      ].join("\n") + "\n2 directories, 3 files, 2.9 MiB\n",
    );
    const flat = await run(["tree", `${url.explicit}/pub`, "--depth", "1"], { environment: { LC_ALL: "C" } });
    assert.match(flat.stdout, /\n\|-- deep\/\n`-- hello/);
  });
});

describe("get and put", () => {
  test("move a file whole, there and back, and say so in one line", async () => {
    const copy = join(scratch, "copy.iso");
    const got = await run(["get", `${url.implicit}/pub/big.iso`, "--output", copy, "--preserve-times"]);
    assert.equal(got.code, 0, got.stderr);
    assert.match(got.stdout, /^1 file, 2\.9 MiB in 0:\d\d at .*\/s\.\n$/);
    assert.ok(readFileSync(copy).equals(big));
    assert.equal(
      Math.floor(statSync(copy).mtimeMs / 1000),
      Math.floor(statSync(join(home, "pub/big.iso")).mtimeMs / 1000),
    );
    const put = await run(["put", copy, `${url.explicit}/in/`]);
    assert.equal(put.code, 0, put.stderr);
    assert.ok(readFileSync(join(home, "in/copy.iso")).equals(big));
    assert.deepEqual(
      readdirSync(scratch).filter((name) => name.includes("sallyport-part")),
      [],
    );
  });

  test("a put that is refused makes nothing on the server", async () => {
    const words = [join(home, "pub/hello.txt"), join(home, "pub"), `${url.explicit}/refused/`];
    const { code, stderr } = await run(["put", ...words]);
    assert.equal(code, 64);
    assert.match(stderr, /pub" is a directory: --recursive puts what is in it\.\n$/);
    assert.equal((await run(["put", "-", `${url.explicit}/refused/`], { input: "x" })).code, 64);
    assert.ok(!existsSync(join(home, "refused")));
  });

  test("names of a tree are octets: those that are no UTF-8 keep theirs", async () => {
    const source = join(scratch, "octets");
    mkdirSync(source);
    const [bad, ok] = ["bad\xFFname", "ok"].map((name) => Buffer.from(name, "latin1"));
    for (const name of [bad, ok]) writeFileSync(Buffer.concat([Buffer.from(`${source}/`), name ?? Buffer.of()]), "1");
    const { code, stderr } = await run(["put", source, `${url.explicit}/octet-tree/`, "--recursive"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(join(home, "octet-tree/octets"), { encoding: "buffer" }).toSorted(), [bad, ok]);
  });

  test("a directory with a slash behind it gives its content, one without gives itself", async () => {
    const site = join(scratch, "site");
    writeBelow(site, "index.html", "<p>");
    writeBelow(site, "img/logo.svg", "<svg/>");
    mkdirSync(join(site, "void"));
    const content = await run(["put", `${site}/`, `${url.explicit}/www/`, "--recursive"]);
    assert.equal(content.code, 0, content.stderr);
    assert.equal(readFileSync(join(home, "www/img/logo.svg"), "utf8"), "<svg/>");
    assert.ok(existsSync(join(home, "www/void")));
    assert.equal((await run(["put", site, `${url.explicit}/www/`, "--recursive", "--parallel", "3"])).code, 0);
    assert.equal(readFileSync(join(home, "www/site/index.html"), "utf8"), "<p>");
    const back = join(scratch, "back");
    const got = await run([
      "get",
      `${url.explicit}/www`,
      "--recursive",
      "--output",
      `${back}/`,
      "--parallel",
      "3",
      "--json",
    ]);
    assert.equal(readFileSync(join(back, "www/site/img/logo.svg"), "utf8"), "<svg/>");
    assert.ok(existsSync(join(back, "www/site/void")));
    const lines = jsonLines(got.stdout);
    assert.deepEqual(lines.at(-1)?.["summary"] !== undefined && lines.length, 5);
    assert.ok(lines.slice(0, -1).every(({ outcome, bytes }) => outcome === "done" && Number(bytes) > 0));
    for (const named of ["www/", "www"]) {
      // oxlint-disable-next-line no-await-in-loop -- one command after the other
      const without = await run(["get", `${url.explicit}/${named}`, "--output", back]);
      assert.equal(without.code, 64);
      assert.match(without.stderr, /"www" is a directory: --recursive gets what is in it/);
    }
  });

  test("get says where a local path belongs that other programs take last", async () => {
    const { code, stderr } = await run(["get", `${url.explicit}/in/note.txt`, "downloads/today/"]);
    assert.equal(code, 64);
    assert.match(stderr, /--output "downloads\/today\/" says where the files go/);
  });

  test("standard input and output are files, too", async () => {
    assert.equal((await run(["put", "-", `${url.explicit}/in/note.txt`], { input: "from a pipe\n" })).code, 0);
    const { stdout, stderr } = await run(["get", `${url.explicit}/in/note.txt`, "--output", "-"]);
    assert.equal(stdout, "from a pipe\n");
    assert.match(stderr, /^1 file, 12 B in /);
    assert.equal((await run(["cat", `${url.explicit}/in/note.txt`, "--start", "5", "--end", "8"])).stdout, "a p");
  });

  test("--on-existing decides about names that are taken", async () => {
    const target = writeBelow(scratch, "taken.txt", "mine");
    const get = (policy: string) =>
      run(["get", `${url.explicit}/pub/hello.txt`, "--output", target, "--on-existing", policy]);
    assert.equal((await get("skip")).stdout, "1 file left as it is.\n");
    const refused = await get("fail");
    assert.equal(refused.code, 73);
    assert.match(refused.stderr, /taken\.txt" exists already\.\n$/);
    assert.equal((await get("rename")).code, 0);
    assert.equal(readFileSync(join(scratch, "taken (2).txt"), "utf8"), "hello\n");
    assert.equal(readFileSync(target, "utf8"), "mine");
    assert.equal((await get("overwrite")).code, 0);
    assert.equal(readFileSync(target, "utf8"), "hello\n");
  });

  test("--segments fetch parts of one file at the same time, and --verify hash compares the whole", async () => {
    const target = join(scratch, "segments.iso");
    const words = ["get", `${url.implicit}/pub/big.iso`, "--output", target, "--segments", "4", "--resume", "--json"];
    const { code, stdout, stderr } = await run([...words, "--verify", "hash"]);
    assert.equal(code, 0, stderr);
    assert.ok(readFileSync(target).equals(big));
    assert.match(stdout, /"bytes":3000000,"resumedFrom":0,"verified":\{"method":"hash","algorithm":"SHA-/);
  });

  test("--resume goes on where a download was ended", async () => {
    const large = randomBytes(4_000_000);
    writeBelow(home, "pub/resumed.bin", large);
    const target = join(scratch, "resumed.bin");
    const words = ["get", `${url.implicit}/pub/resumed.bin`, "--output", target, "--resume", "--state", state];
    const child = spawnSallyport([...words, "--limit-rate", "500K"], { SALLYPORT_PASSWORD: password });
    while (!readdirSync(scratch).some((name) => isLargePart(join(scratch, name)))) {
      // oxlint-disable-next-line no-await-in-loop -- waits for the part to grow
      await pause(50);
    }
    child.kill("SIGINT");
    const [interrupted] = (await once(child, "close")) as [number | null];
    assert.equal(interrupted, 130);
    assert.ok(!existsSync(target));
    const { code, stdout, stderr } = await run([...words.slice(0, -2), "--json"]);
    assert.equal(code, 0, stderr);
    assert.ok(readFileSync(target).equals(large));
    const [, resumedFrom = "0"] = /"resumedFrom":(\d+)/.exec(stdout) ?? [];
    assert.ok(Number(resumedFrom) >= 100_000, stdout);
  });

  test("143 SIGTERM ends a download, that of a folder and an upload, and leaves nothing of theirs behind", async () => {
    writeBelow(home, "pub/ended/ended.bin", randomBytes(4_000_000));
    const below = join(scratch, "ended");
    const sent = join(scratch, "sent.bin");
    mkdirSync(below);
    writeFileSync(sent, randomBytes(4_000_000));
    const holding = (): readonly string[] => [
      ...readdirSync(below, { recursive: true }).map(String),
      ...readdirSync(join(home, "pub")).filter((name) => name.includes("sent")),
    ];
    for (const words of [
      ["get", `${url.implicit}/pub/ended/ended.bin`, "--output", join(below, "ended.bin")],
      ["get", `${url.implicit}/pub/ended`, "--recursive", "--output", below],
      ["put", sent, `${url.implicit}/pub/sent.bin`],
    ]) {
      const child = spawnSallyport([...words, "--state", state, "--limit-rate", "500K", "--verbose"], {
        SALLYPORT_PASSWORD: password,
      });
      let said = "";
      child.stderr?.on("data", (chunk: Buffer) => void (said += String(chunk)));
      // oxlint-disable-next-line no-await-in-loop -- waits for the transfer to begin
      while (!said.includes("← 150 ") && child.exitCode === null) await pause(50);
      // oxlint-disable-next-line no-await-in-loop -- some of it has moved
      await pause(300);
      child.kill("SIGTERM");
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const [code] = (await once(child, "close")) as [number | null];
      assert.equal(code, 143, said);
      assert.deepEqual(
        holding().filter((name) => name.includes(".")),
        [],
        words.join(" "),
      );
    }
  });

  test("75 where some of it was done and some was not", async () => {
    const target = join(scratch, "some");
    const { code, stdout, stderr } = await run([
      "get",
      `${url.explicit}/pub/hello.txt`,
      `${url.explicit}/pub/missing.txt`,
      "--output",
      target,
    ]);
    assert.equal(code, 75);
    assert.match(stderr, /^sallyport: The server refuses RETR pub\/missing\.txt: 550 No such file or directory\.\n/);
    assert.match(stderr, oneSentence);
    assert.match(stdout, /1 file failed, and would again\.\n$/);
    assert.deepEqual(readdirSync(target), ["hello.txt"]);
  });
});

describe("stat, hash and raw", () => {
  test("tell what the server knows", async () => {
    const { stdout } = await run(["stat", `${url.explicit}/pub/big.iso`]);
    assert.match(stdout, /^path +pub\/big\.iso\ntype +file\nsize +3000000 \(2\.9 MiB\)\nchanged +20/);
    const json = jsonLines((await run(["stat", `${url.explicit}/pub/big.iso`, "--json"])).stdout)[0];
    assert.match(JSON.stringify(json?.["facts"]), /"size":"3000000"/);
  });

  test("checksums are those of the content, computed there and here", async () => {
    const hex = createHash("sha256").update(big).digest("hex");
    const hash = (...words: string[]) =>
      run(["hash", `${url.explicit}/pub/big.iso`, "--algorithm", "sha256", ...words]);
    assert.equal((await hash()).stdout, `${hex}  pub/big.iso\n`);
    assert.equal((await hash("--download")).stdout, `${hex}  pub/big.iso\n`);
    assert.equal((await run(["hash", `${url.explicit}/pub/big.iso`, "--algorithm", "whirlpool"])).code, 64);
  });

  test("raw shows the reply, and ends with 1 where the server says no", async () => {
    const { stdout } = await run(["raw", url.explicit, "SITE", "HELP"]);
    assert.match(stdout, /^214-.*\n SITE CHMOD.*\n[^]*\n214 End\n$/);
    const refused = await run(["raw", url.explicit, "DELE nothing", "--json"]);
    assert.equal(refused.code, 1);
    assert.deepEqual(JSON.parse(refused.stdout), { code: 550, lines: ["550 No such file or directory."] });
  });
});

describe("mkdir, mv, chmod and rm", () => {
  test("change what is there, and say what they did", async () => {
    assert.equal((await run(["mkdir", `${url.explicit}/a/b/c`, "-p"])).stdout, "Made a/b/c.\n");
    writeBelow(home, "a/one.csv", "1");
    writeBelow(home, "a/two.csv", "2");
    const moved = await run(["mv", `${url.explicit}/a/*.csv`, `${url.explicit}/a/b/`]);
    assert.equal(moved.stdout, "Moved a/one.csv to a/b/one.csv.\nMoved a/two.csv to a/b/two.csv.\n");
    assert.equal(
      (await run(["mv", `${url.explicit}/a/b/one.csv`, "a/b/two.csv", "--no-overwrite"])).stderr,
      "Left a/b/one.csv: a/b/two.csv exists.\n",
    );
    assert.equal((await run(["chmod", "600", `${url.explicit}/a/b/one.csv`])).stdout, "Set a/b/one.csv to 0600.\n");
    assert.equal(statSync(join(home, "a/b/one.csv")).mode & 0o777, 0o600);
    assert.equal((await run(["chmod", "u+x", `${url.explicit}/a`])).code, 64);
    const dry = await run(["rm", `${url.explicit}/a/b/*.csv`, "--dry-run"]);
    assert.equal(dry.stdout, "Would remove a/b/one.csv.\nWould remove a/b/two.csv.\n");
    const full = await run(["rm", `${url.explicit}/a`]);
    assert.equal(full.code, 73);
    assert.match(full.stderr, /"a" is a directory: --recursive removes it with all that is in it\.\n$/);
    assert.equal((await run(["rm", `${url.explicit}/a`, "--recursive"])).code, 0);
    assert.ok(!existsSync(join(home, "a")));
    assert.equal((await run(["rm", `${url.explicit}/`, "--recursive"])).code, 64);
    assert.ok(existsSync(join(home, "pub")));
  });
});

describe("bookmarks", () => {
  const bookmark = (...words: string[]) => runBare(["bookmark", ...words]);

  test("stand for URLs, with what lies below them", async () => {
    const added = await bookmark("add", "work/pub", `${url.explicit}/pub`);
    assert.equal(added.stdout, "Added work/pub: use it as @work/pub.\n");
    assert.equal((await run(["cat", "@work/pub/hello.txt"])).stdout, "hello\n");
    assert.match((await bookmark("list")).stdout, /^NAME +URL\n@work\/pub +ftpes:\/\/alice@127\.0\.0\.1:\d+\/pub\/\n$/);
    assert.equal((await bookmark("add", "work/pub", url.explicit)).code, 73);
    assert.equal((await run(["ls", "@nowhere"])).code, 66);
    assert.equal((await bookmark("remove", "work/pub")).code, 0);
    assert.equal((await bookmark("remove", "work/pub")).code, 66);
  });

  test("are taken over from other programs", async () => {
    const samples = join(import.meta.dirname, "../../client/test/bookmarks");
    for (const name of ["sitemanager.xml", "WinSCP.ini", "lftp-bookmarks"]) {
      // oxlint-disable-next-line no-await-in-loop -- one file of bookmarks
      const { code, stdout, stderr } = await bookmark("import", join(samples, name), "--replace");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^Imported [1-9]\d* bookmarks?\.\n$/);
    }
    const listed: unknown = JSON.parse((await bookmark("list", "--json")).stdout);
    assert.ok(Array.isArray(listed) && listed.length > 3);
    assert.ok(listed.every((one: object) => "hasPassword" in one && one.hasPassword === false));
    assert.equal((await bookmark("import", join(samples, "nothing.xml"))).code, 66);
  });
});
