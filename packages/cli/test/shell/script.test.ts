import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { writeBelow } from "../client-server.ts";
import { shellServer } from "./shell-server.ts";

const server = shellServer();
const { here, home, script, url } = server;

describe("commands on standard input", () => {
  test("do on one connection what the commands do by themselves", async () => {
    writeBelow(here, "up/x 1.txt", "x1");
    writeBelow(here, "up/x2.txt", "x2");
    const { code, stdout, stderr } = await script(
      `
      # looking around
      pwd; cd pub && pwd
      ls a* ; ls 'a[1].txt'
      cat "two words.txt" | tr a-z A-Z
      cat hello.txt > here.txt; cat hello.txt >> here.txt
      find / --name '*down*'; du --bytes deep; hash hello.txt
      get 'a[1].txt' -o copy.txt
      get deep -r
      mkdir new && put up/x* -o new/ && ls new --names
      mv new/x2.txt new/x3.txt; rm -r new
      mirror deep mirrored; mirror -R up mirrored
      rmdir nothing || cd -
      pwd
      alias where pwd; where
      status --json
    `,
    );
    assert.equal(code, 0, stderr);
    const wanted = [
      /^\/\n\/pub\n/,
      /a1\.txt\n.*a\[1\]\.txt\n2 files, 13 B\n.* a\[1\]\.txt\n1 file, 9 B\nTWO\n/,
      /\ndeep\/down\.txt\n5 {2}deep\nSHA-/,
      /Made .*new\.\n2 files, 4 B in .*\nnew\/x 1\.txt\nnew\/x2\.txt\n/,
      /\n\/\n\/\n\{"server":"ftpes:/,
      /"TLS":"TLSv1\.3/,
    ];
    for (const pattern of wanted) assert.match(stdout, pattern);
    assert.match(stderr, /^rmdir: The server refuses/m);
    for (const [name, content] of [
      ["here.txt", "hello\nhello\n"],
      ["copy.txt", "brackets\n"],
      ["deep/down.txt", "down\n"],
      ["mirrored/down.txt", "down\n"],
    ] as const)
      assert.equal(readFileSync(join(here, name), "utf8"), content);
    assert.equal(readFileSync(join(home, "pub/mirrored/x 1.txt"), "utf8"), "x1");
    assert.ok(!existsSync(join(home, "pub/new")));
  });

  test("66 67 64 the first that fails ends the shell with its exit code, and --keep-going does not", async () => {
    const lost = await script("cat nothing\npwd\n");
    assert.deepEqual([lost.code, lost.stdout], [66, ""]);
    assert.match(lost.stderr, /^cat: The server refuses RETR \/nothing: 550/);
    const going = await script("cat nothing\nnonsense\npwd\n", [url.implicit, "--keep-going"]);
    assert.deepEqual([going.code, going.stdout], [66, "/\n"]);
    assert.match(going.stderr, /There is no command "nonsense": help lists them\./);
    const within = await script("set keep-going on\nls --nope; pwd || exit 3\nexit 5\npwd\n");
    assert.deepEqual([within.code, within.stdout], [5, "/\n"]);
    const wrong = await script("pwd\n", [`${url.explicit.replace("alice", "alice:wrong")}`]);
    assert.deepEqual([wrong.code, wrong.stdout], [67, ""]);
    const closed = await script("ls\n", []);
    assert.equal(closed.code, 64);
    assert.match(closed.stderr, /^ls: No server is open: "open URL" connects to one\./);
  });

  test("jobs and the queue are waited for, and one that fails is told", async () => {
    const { code, stdout, stderr } = await script(
      "queue stop; queue add get big.bin; queue add 'cat pub/hello.txt && ls pub/deep --names'\nget big.bin -o second.bin & cat nothing &\nqueue start; jobs\nwait; exit 0\n",
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /running {2}.* get big\.bin -o second\.bin\n/);
    assert.match(stdout, /hello\n.*down\.txt\n/);
    assert.match(stderr, /\[\d\] Failed \(66\): cat nothing/);
    assert.match(stderr, /\[\d\] Done: get big\.bin -o second\.bin/);
    for (const name of ["big.bin", "second.bin"]) assert.equal(readFileSync(join(here, name)).length, 3_000_000);
    assert.equal((await script("cat nothing &\n")).code, 66);
  });

  test("--command takes them from the command line; a reader that leaves is no failure", async () => {
    const { code, stdout } = await script("pwd\n", [url.explicit, "-c", "cd pub", "-c", "pwd", "-c", "!exit 3"]);
    assert.deepEqual([code, stdout], [3, "/pub\n"]);
    const contradiction = await script("pwd\n", [url.explicit, "--password-stdin"]);
    assert.equal(contradiction.code, 64);
    const left = await script("cat big.bin | head -c 5\ncat big.bin | true\npwd\n");
    assert.deepEqual([left.code, left.stdout], [0, "\0\0\0\0\0/\n"]);
  });

  test("S-20 what a server sends cannot steer the terminal", async () => {
    const { code, stdout, stderr } = await script("ls pub; find pub; tree pub; cd 'pub/esc\\x1B[2Jape.txt'\n");
    assert.equal(code, 66);
    assert.match(stdout, /esc\\x1B\[2Jape\.txt/);
    // oxlint-disable-next-line no-control-regex -- control characters are what must not come through
    assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/);
  });

  test("a connection that was lost is replaced, in the same directory", async () => {
    const kick = `!${process.execPath} --version > /dev/null; '${join(import.meta.dirname, "../../../../sallyport")}' kick --account alice --state '${server.state}' > /dev/null`;
    const { code, stdout, stderr } = await script(`cd pub\n${kick}\nls deep --names; pwd\n`);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /down\.txt\n\/pub\n$/);
  });
});
