import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { freePort, needs } from "@sallyport/testing";
import { runReadmeExample } from "./client-library.ts";
import { documentedPrograms, embeddingExample, exchangeFile } from "./embedding.ts";
import { repository } from "../tidy/source-files.ts";
import { buildCopy, installAll, packAll, publishedRooms, readManifest, run } from "./tarballs.ts";

/** What somebody gets who installs the packages: built, packed, installed into an empty project, used there. */
suite("packed packages", { skip: needs("linux", "npm", "curl", "tar") }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-packaging-"));
  const project = join(folder, "project");

  before(() => {
    buildCopy(join(folder, "build"));
    installAll(project, packAll(join(folder, "build"), join(folder, "tarballs")));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("a tarball has the licence, a first page and what its exports name, and nothing that only builds", () => {
    for (const room of publishedRooms) {
      const { name, version } = readManifest(join(repository, "packages", room));
      const file = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
      const content = run("tar", ["tzf", join(folder, "tarballs", file)], { cwd: folder })
        .trim()
        .split("\n");
      for (const wanted of ["LICENSE", "README.md", "package.json"]) {
        assert.ok(content.includes(`package/${wanted}`), `${file} lacks ${wanted}`);
      }
      const manifest = readFileSync(join(repository, "packages", room, "package.json"), "utf8");
      for (const [path = ""] of manifest.matchAll(/(?<=")(?:\.\/)?(?:dist|src|bin)\/[\w./-]+(?=")/g)) {
        assert.ok(content.includes(join("package", path)), `${file} lacks ${path}`);
      }
      assert.deepEqual(
        content.filter((path) => /tsbuildinfo|tsconfig|\/test\/|\.test\./.test(path)),
        [],
      );
      assert.equal(
        readFileSync(join(repository, "packages", room, "LICENSE"), "utf8"),
        readFileSync(join(repository, "LICENSE"), "utf8"),
      );
    }
  });

  test("types resolve in a project that knows nothing of ours", () => {
    const programs = documentedPrograms();
    assert.ok(programs.length >= 5);
    const files = programs.map((_, at) => `consumer-${at}.ts`);
    for (const [at, file] of files.entries()) writeFileSync(join(project, file), programs[at] ?? "");
    const compilerOptions = {
      target: "es2024",
      lib: ["es2024", "esnext.disposable"],
      module: "nodenext",
      strict: true,
      noEmit: true,
      types: ["node"],
      typeRoots: [join(repository, "node_modules/@types")],
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    run(join(repository, "node_modules/.bin/tsc"), ["-p", "."], { cwd: project });
  });

  test("the embedding example serves curl from the tarballs, as plain JavaScript", async () => {
    run(join(project, "node_modules/.bin/sallyport"), ["cert", "create", "--state", "state"], { cwd: project });
    const port = await freePort();
    writeFileSync(join(project, "server.js"), `${embeddingExample(port)}\nconsole.log("listening");\n`);
    await exchangeFile(process.execPath, { project, port });
  });

  test("the client's example runs from the tarballs, as plain JavaScript", () =>
    runReadmeExample(process.execPath, project));

  test("the online client serves its page from its tarball", () => {
    const program = [
      'import { Gateway } from "@sallyport/web";',
      'await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "1.0.0" });',
      "const page = await fetch(`http://127.0.0.1:${gateway.port}/`).then((answer) => answer.text());",
      'const script = /src="([^"]+\\.js)"/.exec(page)[1];',
      "const found = await fetch(`http://127.0.0.1:${gateway.port}${script}`);",
      "console.log(found.status, found.headers.get('content-type'));",
    ];
    const given = ["--input-type=module", "--eval", program.join("\n")];
    assert.match(run(process.execPath, given, { cwd: project }), /^200 text\/javascript/);
  });

  test("the command runs from its tarball", () => {
    const printed = run(join(project, "node_modules/.bin/sallyport"), ["--version", "--json"], { cwd: project });
    const version = JSON.parse(printed) as { readonly sallyport: string; readonly node: string };
    assert.equal(version.sallyport, readManifest(join(repository, "packages/cli")).version);
    assert.equal(`v${version.node}`, process.version);
  });

  test("foreign password hashes find their worker in dist/", () => {
    // The first vector of the SHA-crypt specification.
    const hash = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
    const script = [
      'import { PasswordHasher } from "@sallyport/server/accounts";',
      "await using hasher = new PasswordHasher();",
      `for (const word of ["Hello world!", "another"]) console.log(await hasher.verify(word, "${hash}"));`,
    ];
    writeFileSync(join(project, "verify.js"), script.join("\n"));
    const verdicts = run(process.execPath, ["verify.js"], { cwd: project }).trim().split("\n");
    assert.deepEqual(verdicts, ["match", "mismatch"]);
  });

  test("the command says which Node it needs, on one that is too old", () => {
    const pretend = join(project, "old.cjs");
    writeFileSync(pretend, 'Object.defineProperty(process.versions, "node", { value: "18.20.4" });');
    const bin = join(project, "node_modules/sallyport/bin/sallyport.cjs");
    assert.throws(() => run(process.execPath, ["-r", pretend, bin, "--version"], { cwd: project }), {
      message: /ended with 69:\nsallyport: needs Node 26 or newer, and this is Node 18\.20\.4/,
    });
  });
});
