import { freePort, startTestServer } from "@sallyport/testing";
import { test } from "node:test";

test("S-15 a passive port asked for with the last words of a connection is given back at once", async () => {
  const port = await freePort();
  await using server = await startTestServer({
    listener: { requireTls: "none" },
    passive: { ports: { first: port, last: port } },
  });
  const leaving = await server.greeted();
  await leaving.expect("USER alice", 331);
  await leaving.expect("PASS secret", 230);
  leaving.socket.end("EPSV\r\n");
  await server.event("connection-closed");
  await using client = await server.greeted();
  await client.expect("USER alice", 331);
  await client.expect("PASS secret", 230);
  await client.expect("EPSV", 229);
});
