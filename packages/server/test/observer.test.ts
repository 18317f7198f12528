import { FtpServer } from "@sallyport/server";
import { LocalDirectory } from "@sallyport/server/storage";
import { FtpDriver, testAuthenticator } from "@sallyport/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

test("an observer that fails, at once or later, does not disturb the server", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-observer-"));
  try {
    for (const onEvent of [fails, async () => fails()]) {
      await using server = new FtpServer({
        listeners: [{ tlsMode: "explicit", address: "127.0.0.1", port: 0, requireTls: "none" }],
        authenticator: testAuthenticator({}),
        storage: await LocalDirectory.open(directory),
        observer: { onEvent: () => onEvent() },
      });
      const [listening] = await server.listen();
      await using client = await FtpDriver.connect(listening?.port ?? 0);
      await client.reply();
      await client.expect("NOOP", 200);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

function fails(): void {
  throw new Error("the observer failed");
}
