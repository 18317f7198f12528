import { once } from "node:events";
import * as net from "node:net";
import { codeOf, type Answer, type ProbeConnection } from "./control.ts";
import { strangerAddress } from "./own-addresses.ts";

/** Where the server lets itself be sent by PORT and EPRT (RFC 2577 §3). */
export interface BounceFacts {
  /** PORT with the address of a documentation network (RFC 5737), where nobody is; no transfer follows. */
  readonly foreign: Answer;
  /** The same by EPRT. */
  readonly extended: Answer;
  /** PORT with a port below 1024 of our own address. */
  readonly low: Answer;
  /** PORT with the server's own loopback; undefined where that is how we came. */
  readonly loopback: Answer | undefined;
  /** Whether the server did connect to another address of ours that PORT named; undefined where that was not tried. */
  readonly isReached: boolean | undefined;
}

export async function probeBounce(connection: ProbeConnection): Promise<BounceFacts> {
  const own = /(\d+\.\d+\.\d+\.\d+)$/.exec(connection.localAddress ?? "")?.[1] ?? "127.0.0.1";
  const foreign = await connection.command("PORT 192,0,2,1,200,10");
  const extended = await connection.command("EPRT |1|192.0.2.1|51210|");
  const low = await connection.command(`PORT ${own.replaceAll(".", ",")},0,22`);
  const loopback = own.startsWith("127.") ? undefined : await connection.command("PORT 127,0,0,1,200,10");
  const isReached = wasTaken(foreign) ? await isSentElsewhere(connection) : undefined;
  return { foreign, extended, low, loopback, isReached };
}

/** pyftpdlib connects at PORT already, and says 425 where that failed. */
export function wasTaken(answer: Answer | undefined): boolean {
  return codeOf(answer) === 200 || codeOf(answer) === 425;
}

const connectMs = 1000;

/** Goes no further than to a listener of our own. */
async function isSentElsewhere(connection: ProbeConnection): Promise<boolean | undefined> {
  const address = strangerAddress(connection.localAddress);
  if (address === undefined || net.isIP(address) !== 4) return undefined;
  const listener = net.createServer((socket) => socket.on("error", () => {}).destroy());
  try {
    listener.listen(0, address);
    await once(listener, "listening");
    const bound = listener.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    const reached = once(listener, "connection", { signal: AbortSignal.timeout(connectMs) }).then(
      () => true,
      () => false,
    );
    const taken = await connection.command(`PORT ${address.replaceAll(".", ",")},${port >> 8},${port & 255}`);
    if (wasTaken(taken)) await connection.command("LIST", connectMs);
    return await reached;
  } catch {
    return undefined;
  } finally {
    listener.close();
  }
}
