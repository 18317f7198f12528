import type { Socket } from "node:net";

/** The lines that come over a connection of an administrator; a longer line than allowed ends them with an error. */
export async function* linesFrom(socket: Socket, lineBytesMax: number): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      if (bytes + end > lineBytesMax) throw new LineTooLong(lineBytesMax);
      yield Buffer.concat([...pieces, rest.subarray(0, end)]).toString("utf8");
      pieces = [];
      bytes = 0;
      rest = rest.subarray(end + 1);
    }
    bytes += rest.length;
    if (bytes > lineBytesMax) throw new LineTooLong(lineBytesMax);
    if (rest.length > 0) pieces.push(rest);
  }
}

export class LineTooLong extends Error {
  constructor(lineBytesMax: number) {
    super(`A line has at most ${lineBytesMax} octets.`);
  }
}
