/**
 * The number of a message that was opened, as its token shows it: in the last eight of its sixteen first octets, which the
 * seal covers (RFC 4121 §4.2.6.2). Tokens of the older kinds hide theirs (RFC 1964).
 */
export function sequenceOf(token: Uint8Array): { readonly sequence?: bigint } {
  const isMessage = token.length >= headerBytes && token[0] === 0x05 && token[1] === 0x04;
  if (!isMessage) return {};
  return { sequence: new DataView(token.buffer, token.byteOffset, headerBytes).getBigUint64(numberOffset) };
}

const headerBytes = 16;
const numberOffset = 8;
