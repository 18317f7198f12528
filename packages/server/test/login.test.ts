import { startTestServer, testAccount } from "@sallyport/testing";
import { test } from "node:test";

test("S-15 a client that leaves while its password is checked does not take a place of its account", async () => {
  const checks: (() => void)[] = [];
  let waits = true;
  const authenticate = async (user: string) => {
    if (waits) await new Promise<void>((resolve) => checks.push(resolve));
    return { kind: "accepted", account: { ...testAccount(user), connectionsMax: 1 } } as const;
  };
  await using server = await startTestServer({ authenticator: { authenticate }, listener: { requireTls: "none" } });
  const leaving = await server.greeted();
  await leaving.expect("USER alice", 331);
  leaving.send("PASS secret\r\n");
  while (checks.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  leaving.socket.destroy();
  await server.event("connection-closed");
  waits = false;
  for (const finish of checks) finish();
  await using client = await server.greeted();
  await client.expect("USER alice", 331);
  await client.expect("PASS secret", 230);
});
