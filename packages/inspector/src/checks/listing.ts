import { answerText } from "../probes/control.ts";
import type { DataFacts } from "../probes/data.ts";

/** What came of a listing, as evidence. */
export function listingText(data: DataFacts | undefined): string {
  if (data === undefined) return "not tried";
  const { secured, completion, preliminary, listingBytes, isEndless } = data;
  const tls = secured === undefined ? "" : `${secured.protocol}, ${secured.resumed ? "resumed" : "full handshake"}; `;
  return `${tls}${answerText(completion ?? preliminary)}, ${listingBytes} octets${isEndless ? " and no end" : ""}`;
}
