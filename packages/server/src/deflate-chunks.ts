import { createDeflate } from "node:zlib";

export async function* deflateChunks(
  chunks: AsyncIterable<Uint8Array>,
  { level }: { level: number },
): AsyncGenerator<Uint8Array> {
  const deflate = createDeflate({ level });
  const feeding = (async () => {
    for await (const chunk of chunks)
      if (!deflate.write(Buffer.from(chunk))) await new Promise((r) => deflate.once("drain", r));
    deflate.end();
  })();
  feeding.catch((error: Error) => deflate.destroy(error));
  yield* deflate;
}
