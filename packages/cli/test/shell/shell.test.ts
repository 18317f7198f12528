import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { writeBelow } from "../client-server.ts";
import { launcher } from "../run-sallyport.ts";
import { shellServer } from "./shell-server.ts";
import { noTerminal, type Typist } from "./terminal.ts";

const server = shellServer();
const { here, home, script, stateHome, url } = server;

describe("commands on standard input", () => {
  test("do in one shell what the commands do by themselves, also behind a lost connection", async () => {
    writeBelow(here, "up/x 1.txt", "x1");
    writeBelow(here, "up/x2.txt", "x2");
    const { code, stdout, stderr } = await script(
      `
      # looking around
      pwd; cd pub && pwd
      ls a* ; ls 'a[1].txt'
      cat "two words.txt" | tr a-z A-Z
      cat hello.txt > here.txt; cat hello.txt >> here.txt
      cat hello.txt > /dev/full || cat hello.txt > nowhere/x || pwd
      find / --name '*down*'; du --bytes deep; hash hello.txt
      get 'a[1].txt' -o copy.txt
      get deep -r
      mkdir new && put up/x* -o new/ && ls new --names
      mv new/x2.txt new/x3.txt; rm -r new
      mirror deep mirrored; mirror -R up mirrored
      # the server closes the connection, and the next command has another
      !cat; '${launcher}' kick --account alice --state '${server.state}'
      ls deep --names && pwd
      rmdir nothing || cd -
      bookmark add here; bookmark list
      cat big.bin | head -c 3; cat big.bin | true
      lcd up && !cat x2.txt; echo
      lcd .. || !echo no
      queue add 'cd / && !cat up/x2.txt'; queue add 'pwd > /dev/null && !'; wait
      alias where pwd; where
      status --json
      open ${url.implicit.replace("alice", "alice:wrong")} || pwd
      open ${url.implicit}/nothere || open ${url.implicit}/pub/open || pwd
      close; ls || open @here && pwd
    `,
    );
    assert.equal(code, 0, stderr);
    for (const pattern of [
      /^\/\n\/pub\n/,
      /a1\.txt\n.*a\[1\]\.txt\n2 files, 13 B\n.* a\[1\]\.txt\n1 file, 9 B\nTWO\n/,
      /\ndeep\/down\.txt\n5 {2}deep\nSHA-/,
      /Made .*new\.\n2 files, 4 B in .*\nnew\/x 1\.txt\nnew\/x2\.txt\n/,
      /\nClosed .*\ndeep\/down\.txt\n\/pub\n/,
      /\n@here.*\/\n\0\0\0x2\nx2\/\n\{"server":"ftpes:.*"TLS":"TLSv1\.3.*\}\n\/\n\/\n\/\n$/,
    ])
      assert.match(stdout, pattern);
    for (const pattern of [
      /^cat: "\/dev\/full" cannot be written: the disk is full\.\ncat: ".*nowhere\/x" does not exist\.$/m,
      /^rmdir: The server refuses/m,
      /^open: The server refuses the login/m,
      /^open: The server refuses MLST \/nothere: 550 .*\nopen: "\/pub\/open" is no directory\.$/m,
      /^ls: No server is open: "open URL" connects to one\./m,
    ])
      assert.match(stderr, pattern);
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

  test("the first that fails ends the shell with its exit code", async () => {
    const { code, stdout, stderr } = await script("cat nothing\npwd\n");
    assert.deepEqual([code, stdout], [66, ""]);
    assert.match(stderr, /^cat: The server refuses RETR \/nothing: 550/);
    const astray = await script("pwd\n", [`${url.explicit}/nothere`]);
    assert.deepEqual([astray.code, astray.stdout], [66, ""]);
  });

  test("--keep-going and --command: all are run, and the first failure tells the exit code", async () => {
    const commands = [
      "nonsense; pwd",
      "cd pub",
      "ls --nope; pwd",
      "put x --limit-rate 5M",
      "ls --time-zone Z",
      "!exit 3",
    ].flatMap((one) => ["-c", one]);
    const { code, stdout, stderr } = await script("", [url.implicit, "--keep-going", ...commands]);
    assert.deepEqual([code, stdout], [64, "/\n/pub\n"]);
    assert.match(stderr, /There is no command "nonsense": help lists them\.\nls: There is no flag --nope/);
    assert.match(
      stderr,
      /put: There is no flag --limit-rate here: "set limit-rate" does that for all commands together\./,
    );
    assert.match(stderr, /ls: There is no flag --time-zone here: .* give it to "sallyport shell"\./);
    const contradiction = await script("pwd\n", [url.explicit, "--password-stdin"]);
    assert.equal(contradiction.code, 64);
  });

  test("jobs and the queue are waited for; one that fails is told, and tells the exit code", async () => {
    const { code, stdout, stderr } = await script(
      [
        "queue stop; queue add get big.bin; queue add 'cat pub/hello.txt && ls pub/deep --names'",
        "get big.bin -o second.bin & cat nothing &",
        "queue start; jobs",
        "wait",
        "get big.bin -o third.bin &\n",
      ].join("\n"),
    );
    assert.equal(code, 66, stderr);
    assert.match(stdout, /running {2}.* get big\.bin -o second\.bin\n/);
    assert.match(stdout, /hello\n.*down\.txt\n/);
    assert.match(stderr, /\[\d\] Failed \(66\): cat nothing/);
    for (const name of ["big.bin", "second.bin", "third.bin"]) {
      assert.equal(readFileSync(join(here, name)).length, 3_000_000);
      rmSync(join(here, name));
    }
  });
});

const keys = { tab: "\t", interrupt: "\u0003", end: "\u0004", suspend: "\u001A", up: "\u001B[A", enter: "\r" };

/** Begins a download that takes long, and waits until it runs. */
async function beginSlowly(typist: Typist, command: string): Promise<void> {
  await typist.does("set limit-rate 200K");
  typist.type(`${command}\r`);
  await typist.sees(/■ [^>]*\d%/);
}

describe("the shell on a terminal", { skip: noTerminal, timeout: 120_000 }, () => {
  test("S-20 shows where one is, completes paths with Tab, and gets no key from the server", async () => {
    const { port } = new URL(url.explicit.replace("ftpes", "http"));
    await using typist = server.type();
    await typist.sees(`■ TLS 1.3 alice@127.0.0.1:${port} /> `);
    await typist.does(`lcd '${here}'`);
    // Enter comes before the server has told what begins so.
    typist.type(`cd p${keys.tab}${keys.enter}`);
    assert.match(await typist.sees("/> "), /cd: The server refuses MLST \/p: 550/);
    typist.type(`cd p${keys.tab}`);
    await typist.sees("cd pub/");
    typist.type(keys.enter);
    await typist.sees(`${port} /pub> `);
    typist.type(`cat tw${keys.tab}`);
    await typist.sees("two\\ words.txt");
    typist.type(keys.enter);
    assert.match(await typist.sees("/pub> "), /two\r\n/);
    typist.type(`ls a${keys.tab}${keys.tab}`);
    await typist.sees(/a1\.txt +a\\\[1\\\]\.txt/);
    typist.type(`${keys.interrupt}cat es${keys.tab}`);
    await typist.sees("esc\\x1B\\[2Jape.txt");
    typist.type(keys.enter);
    assert.match(await typist.sees("/pub> "), /escape\r\n/);
    assert.match(await typist.does("ls"), /esc\\x1B\[2Jape\.txt/);
    assert.ok(!typist.shown.includes("\u001B[2J"));
    assert.match(await typist.does("cat open"), /no line end\r\n/);
    assert.match(await typist.does("pwd; !test -t 0 && echo has the terminal"), /\/pub\r\nhas the terminal\r\n/);
    typist.type(keys.interrupt + keys.interrupt);
    await typist.sees("Ctrl-D or exit leaves.");
    typist.type(`pwd\rlpwd\r${keys.end}`);
    assert.equal(await typist.ends(), 0);
    assert.match(await typist.sees(here), /\n\/pub\r\n/);
  });

  test("Ctrl-C gives up what runs and not the shell, Ctrl-Z puts it into the background", async () => {
    const before = readdirSync(here);
    await using typist = server.type();
    await typist.sees("> ");
    await typist.does(`lcd '${here}'`);
    await beginSlowly(typist, "get big.bin");
    typist.type(keys.interrupt);
    assert.match(await typist.sees("/> "), /get: Interrupted\./);
    assert.deepEqual(readdirSync(here), before);
    await beginSlowly(typist, "get big.bin -o second.bin");
    typist.type(keys.suspend);
    assert.match(await typist.sees("/> "), /\[1\] goes on in the background: get big\.bin -o second\.bin/);
    assert.match(await typist.does("ls --names"), /big\.bin\r\n/);
    assert.match(await typist.does("jobs"), /\[1\] running .* get big\.bin/);
    typist.type("fg\r");
    await typist.sees(/■ [^>]*\d%/);
    typist.type(keys.suspend);
    await typist.sees("/> ");
    await typist.does("set limit-rate off");
    await typist.does("kill 1");
    assert.match(await typist.does("wait"), /\[1\] Killed: get big\.bin/);
    assert.match(await typist.does("get big.bin -o third.bin &"), /\[1\] get big\.bin -o third\.bin/);
    assert.match(await typist.does("wait 1"), /1 file, 2\.9 MiB[^]*\[1\] Done: get big\.bin/);
    assert.equal(readFileSync(join(here, "third.bin")).length, 3_000_000);
    await beginSlowly(typist, "get big.bin -o fourth.bin");
    typist.type(keys.suspend);
    await typist.sees("/> ");
    typist.type(keys.end);
    await typist.sees("Waiting for a job in the background; Ctrl-C ends it.");
    typist.type(keys.interrupt);
    await typist.sees("[1] Killed");
    assert.equal(await typist.ends(), 0);
    assert.deepEqual(readdirSync(here), [...before, "third.bin"].toSorted());
  });

  test("R-CLI-08 history outlives the shell, without passwords, for its owner alone", async () => {
    const path = join(stateHome, "sallyport", "history");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await using typist = server.type([]);
    await typist.sees("sallyport> ");
    typist.type(keys.up.repeat(3));
    await typist.sees("get big.bin -o fourth.bin");
    typist.type(keys.interrupt);
    await typist.sees(/\^C\s+sallyport> /);
    assert.doesNotMatch(await typist.does(`open ${url.implicit.replace("alice", "alice:correct%20horse")}`), /The /);
    assert.match(await typist.does("pwd"), /\/\r\n/);
    typist.type("exit 4\r");
    assert.equal(await typist.ends(), 4);
    const lines = readFileSync(path, "utf8").split("\n");
    assert.deepEqual(lines.slice(-4), [`open ${url.implicit}`, "pwd", "exit 4", ""]);
  });
});
