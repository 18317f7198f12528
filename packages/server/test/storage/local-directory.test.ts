import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

import { LocalDirectory, type LocalDirectoryOptions } from "@sallyport/server/storage";
import { storageContract } from "@sallyport/testing";

storageContract("local directory", (context) => makeDirectory(context));

async function makeDirectory(context: TestContext, options: LocalDirectoryOptions = {}): Promise<LocalDirectory> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "sallyport-storage-"));
  const directory = await LocalDirectory.open(root, options);
  context.after(async () => {
    await directory[Symbol.asyncDispose]();
    fs.rmSync(root, { recursive: true, force: true });
  });
  return directory;
}
