import type { ReceivedReply } from "@sallyport/protocol";
import { detectProduct } from "../explain/server-product.ts";

/**
 * The program behind a greeting, with its version where it tells one: `vsftpd 3.0.5`. Undefined for one that is not
 * known here, or that says nothing of itself. Greetings can be configured and, before TLS, forged: nothing that matters
 * may hang on it alone.
 */
export function productOf({ code, lines }: ReceivedReply): string | undefined {
  const said = lines.map((line) => `${code} ${line.slice(0, lineMax)}`);
  const text = said.join(" ");
  const name = detectProduct(said)?.name ?? others.find(([, sign]) => sign.test(text))?.[0];
  if (name === undefined) return undefined;
  const at = text.toLowerCase().indexOf(name.toLowerCase());
  const version = at < 0 ? undefined : /^[^\d[(]{0,24}?[ /v-](\d[\w.-]*)/.exec(text.slice(at + name.length))?.[1];
  return version === undefined ? name : `${name} ${version}`;
}

const lineMax = 1_024;

/** Servers whose settings `explainFailure` knows nothing of. */
const others: ReadonlyArray<readonly [name: string, sign: RegExp]> = [
  ["Serv-U", /\bServ-U\b/i],
  ["Gene6 FTP Server", /\bGene6 FTP Server\b/i],
  ["IBM i", /\bQTCP at\b/],
  ["DrFTPD", /\bDrFTPD\b/i],
  ["glFTPd", /\bglFTPd\b/i],
];
