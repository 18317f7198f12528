import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { needs, peerNeeds, startProftpd, startPureFtpd, startPyftpdlib, startVsftpd } from "@sallyport/testing";
import { runSallyport, scratchDirectory } from "../run-sallyport.ts";

const scratch = scratchDirectory();

const peers = [
  { name: "vsftpd", start: startVsftpd, skip: needs(...peerNeeds.vsftpd) },
  { name: "ProFTPD", start: startProftpd, skip: needs(...peerNeeds.proftpd) },
  { name: "Pure-FTPd", start: startPureFtpd, skip: needs(...peerNeeds.pureFtpd) },
  { name: "pyftpdlib", start: startPyftpdlib, skip: needs(...peerNeeds.pyftpdlib) },
] as const;

const commands = `
pwd; cd sub/deep && pwd; cat file
cd ~; get 'name with space.txt'; get -r sub; get random.bin & wait
mkdir new; cd new; put random.bin -o 'a b.bin'; ls --names
find ~/sub; du --bytes .; mirror ../sub mirrored
rm 'a b.bin'; cd -; rmdir new; cd hello.txt || pwd
status
`;

describe("the shell on other servers", () => {
  for (const { name, start, skip } of peers) {
    test(`${name}: looks around, moves and changes files`, { skip, timeout: 60_000 }, async () => {
      await using peer = await start();
      const here = join(scratch, name);
      mkdirSync(here);
      const url = `ftpes://${peer.user}@127.0.0.1:${peer.explicitPort}`;
      const { code, stdout, stderr } = await runSallyport(["shell", url, "--ca", peer.caFile], {
        input: `lcd '${here}'${commands}`,
        environment: { SALLYPORT_PASSWORD: peer.password, HOME: scratch, XDG_CONFIG_HOME: here, NETRC: "/nonexistent" },
      });
      assert.equal(code, 0, stderr + stdout);
      assert.match(stdout, /^\/\n\/sub\/deep\n/);
      assert.match(stdout, /\na b\.bin\n\/sub\n\/sub\/deep\n\/sub\/deep\/file\n300000 {2}\/new\n/);
      assert.match(stdout, /Removed \/new\.\n\/\nserver /);
      assert.match(stderr, /^cd: "\/hello\.txt" is no directory\.$/m);
      const content = (path: string) => readFileSync(path).toString("base64");
      for (const path of ["name with space.txt", "random.bin", "sub/deep/file"])
        assert.equal(content(join(here, path)), content(join(peer.home, path)));
      assert.equal(content(join(here, "mirrored/deep/file")), content(join(peer.home, "sub/deep/file")));
    });
  }
});
