import { once } from "node:events";
import * as net from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContext } from "node:tls";
import { limits } from "@sallyport/protocol";
import { TlsEnd } from "./tls-end.ts";
import type { DataFacts, TrialScript } from "./trial.ts";

/** The file that the server of a trial has. */
export const trialFile = { name: "trial.bin", sizeBytes: 65_536 } as const;

/** Where a client is awaited with one data connection. */
export interface DataListener {
  /** The replies to PASV and EPSV. */
  readonly reply: string;
  readonly extendedReply: string;
  /** Waits for the client and does one transfer; undefined where nobody came. */
  transfer(verb: string, restartOffset: number): Promise<DataFacts | undefined>;
  close(): void;
}

export interface DataOptions {
  readonly script: TrialScript;
  readonly context: SecureContext;
  readonly protection: "C" | "P";
}

/** Listens at the server's address and, where the script says so, at a foreign one of this machine as well. */
export async function listenForData(address: string, options: DataOptions): Promise<DataListener> {
  const arrivals: Arrival[] = [];
  let wake = () => {};
  const accept = (kind: Arrival["address"]) => (tcp: net.Socket) => {
    tcp.on("error", () => {});
    if (arrivals.length > 0) return void tcp.destroy();
    // From here on, for the ClientHello of a client that does not wait for 150 comes at once.
    const end = new TlsEnd(tcp);
    end.expectTls();
    arrivals.push({ address: kind, end });
    wake();
  };
  const own = net.createServer(accept("server")).listen(0, address);
  await once(own, "listening");
  const { port } = own.address() as net.AddressInfo;
  const foreign = foreignAddress(address);
  const other =
    options.script.namesForeignAddress === true ? await listenAt(foreign, port, accept("foreign")) : undefined;
  const told = options.script.namesForeignAddress === true ? foreign : address;
  return {
    reply: `227 Entering Passive Mode (${told.replaceAll(".", ",")},${port >> 8},${port & 0xff})`,
    extendedReply: `229 Entering Extended Passive Mode (|||${port}|)`,
    async transfer(verb, restartOffset) {
      if (arrivals.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, arrivalMs).unref();
        });
      }
      const arrival = arrivals[0];
      return arrival && carry(arrival, { verb, restartOffset }, options);
    },
    close() {
      own.close();
      other?.close();
    },
  };
}

interface Arrival {
  readonly address: DataFacts["address"];
  readonly end: TlsEnd;
}

const arrivalMs = 3000;

/** On the loopback device another address of it, which can be watched; elsewhere one of TEST-NET-1 (RFC 5737). */
function foreignAddress(address: string): string {
  return address.startsWith("127.") ? "127.0.0.66" : "192.0.2.1";
}

async function listenAt(
  address: string,
  port: number,
  accept: (tcp: net.Socket) => void,
): Promise<net.Server | undefined> {
  const server = net.createServer(accept).listen(port, address);
  try {
    await once(server, "listening");
    return server;
  } catch {
    return undefined;
  }
}

async function carry(
  { address, end }: Arrival,
  { verb, restartOffset }: { readonly verb: string; readonly restartOffset: number },
  options: DataOptions,
): Promise<DataFacts> {
  const { protection, context, script } = options;
  const secured = protection === "P" ? await Promise.race([end.secure(context), after(transferMs)]) : undefined;
  const tls = protection === "C" ? "none" : secured ? "finished" : "failed";
  const stream: Duplex | undefined = protection === "C" ? end.tap : secured;
  // Asked now: a connection that is over does not tell any more.
  const isResumed = secured?.isSessionReused() ?? false;
  const isUpload = verb === "STOR" || verb === "APPE" || verb === "STOU";
  const counted = { sentBytes: 0, receivedBytes: 0 };
  if (stream !== undefined) {
    stream.on("error", () => {});
    if (isUpload) await receive(stream, counted);
    else {
      const content = contentOf(verb);
      const isTruncated = script.truncatesData === true;
      // Whoever goes on where it was cut gets no further.
      const part = content.subarray(verb === "RETR" ? restartOffset : 0, isTruncated ? content.length / 2 : undefined);
      await send(stream, end, part, { counted, isTruncated });
    }
  }
  await settled(end);
  return {
    ...{ verb, address, protection, tls, isResumed, hello: end.hello, ...counted, ending: end.ending },
  };
}

async function receive(stream: Duplex, counted: { receivedBytes: number }): Promise<void> {
  stream.on("data", (octets: Buffer) => (counted.receivedBytes += octets.length));
  await Promise.race([once(stream, "end"), once(stream, "close"), after(transferMs)]).catch(() => {});
  stream.end();
}

async function send(
  stream: Duplex,
  end: TlsEnd,
  part: Buffer,
  { counted, isTruncated }: { readonly counted: { sentBytes: number }; readonly isTruncated: boolean },
): Promise<void> {
  stream.resume();
  await new Promise<void>((resolve) => {
    stream.once("close", resolve);
    stream.write(part, () => resolve());
  });
  counted.sentBytes = part.length;
  // A FIN of TCP behind half of the content, with nothing said inside TLS, as anybody on the way can send it.
  if (isTruncated) end.tap.end();
  else stream.end();
}

/** Until the client has left, too, or long enough to know that it does not. */
async function settled(end: TlsEnd): Promise<void> {
  if (!end.tap.destroyed && end.ending === "open") {
    await Promise.race([once(end.tap, "close"), once(end.tap, "end"), after(limits.closeNotifyMs.value)]).catch(
      () => {},
    );
  }
  end.tap.destroy();
}

function contentOf(verb: string): Buffer {
  const { name, sizeBytes } = trialFile;
  if (verb === "RETR") return Buffer.alloc(sizeBytes, "trial ");
  if (verb === "NLST") return Buffer.from(`${name}\r\n`);
  const others = Array.from({ length: 40 }, (_, at) => `other-${at}.bin`);
  const line =
    verb === "MLSD"
      ? (each: string) => `type=file;size=${sizeBytes};modify=20260101000000; ${each}\r\n`
      : (each: string) => `-rw-r--r--   1 trial    trial    ${sizeBytes} Jan  1  2026 ${each}\r\n`;
  return Buffer.from([name, ...others].map(line).join(""));
}

const transferMs = 10_000;

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
