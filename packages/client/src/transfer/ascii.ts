import type { Octets } from "@sallyport/protocol";
import type { ByteSink, ByteThrottle } from "@sallyport/transport";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { TransferOutcome } from "../connection/transfer-order.ts";
import type { ProgressMeter } from "./progress.ts";
import { receiveWhole } from "./receive.ts";

/** Receives a file in TYPE A, whose lines end in CR LF on the wire (RFC 959 §3.1.1.1), with LF alone. */
export function receiveText(
  connection: ClientConnection,
  remote: Octets,
  sink: ByteSink,
  { signal, meter, throttle }: TextOptions,
): Promise<TransferOutcome> {
  let position = 0;
  let heldBack = false;
  const take = async (chunk: Uint8Array): Promise<void> => {
    const text = withoutCarriageReturns(heldBack ? Buffer.concat([carriageReturn, chunk]) : chunk);
    heldBack = text.endsInCarriageReturn;
    await sink.write(text.octets, position);
    position += text.octets.length;
  };
  const receive = receiveWhole(take, { onProgress: meter.moved, throttle });
  return connection.transfer(
    { verb: "RETR", argument: remote, type: "A" },
    async (data, options) => {
      const moved = await receive(data, options);
      if (heldBack) await sink.write(carriageReturn, position);
      return moved;
    },
    { signal },
  );
}

export interface TextOptions {
  readonly signal?: AbortSignal | undefined;
  readonly meter: ProgressMeter;
  readonly throttle?: ByteThrottle | undefined;
}

/** Text with each LF as CR LF; one that has its CR already is left alone. */
export async function* withCarriageReturns(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let last = 0;
  for await (const chunk of chunks) {
    const lines = chunk.reduce((count, octet) => count + (octet === lineFeed ? 1 : 0), 0);
    const out = Buffer.allocUnsafe(chunk.length + lines);
    let length = 0;
    for (const octet of chunk) {
      if (octet === lineFeed && last !== carriageReturn[0]) out[length++] = 13;
      out[length++] = octet;
      last = octet;
    }
    yield out.subarray(0, length);
  }
}

const lineFeed = 10;
const carriageReturn = Buffer.from("\r");

function withoutCarriageReturns(chunk: Uint8Array): { octets: Buffer; endsInCarriageReturn: boolean } {
  const octets = Buffer.allocUnsafe(chunk.length);
  let length = 0;
  for (let at = 0; at < chunk.length; at++) {
    const octet = chunk[at] ?? 0;
    if (octet === 13 && (at + 1 === chunk.length || chunk[at + 1] === lineFeed)) continue;
    octets[length++] = octet;
  }
  return { octets: octets.subarray(0, length), endsInCarriageReturn: chunk.at(-1) === 13 };
}
