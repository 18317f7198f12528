import type { Socket } from "node:net";

/** The lines that come over a connection of an administrator; a longer line than allowed ends them with an error. */
export async function* linesFrom(socket: Socket, lineBytesMax: number): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  // Whoever is told that the line is too long needs the connection still.
  const chunks: AsyncIterable<Buffer> = socket.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
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
