import { createServer } from "node:net";

/**
 * A port of 127.0.0.1 that nobody has. It lies below those that Linux gives out by itself: one of those goes to whoever asks
 * next, also in the moment before it is put to use, and then somebody else answers there.
 */
export async function freePort(): Promise<number> {
  const [port] = await freePorts();
  return port;
}

/** Two of them in a row. */
export async function freePorts(): Promise<[number, number]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = 10_000 + 2 * Math.floor(Math.random() * 5_000);
    // oxlint-disable-next-line no-await-in-loop -- until one fits
    const areFree = await Promise.all([isFree(first), isFree(first + 1)]);
    if (areFree.every(Boolean)) return [first, first + 1];
  }
  throw new Error("no port between 10000 and 20000 is free");
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
