/**
 * The program behind a greeting, with its version where it tells one: `vsFTPd 3.0.5`. Undefined for one that is not
 * known here, or that says nothing of itself. Greetings can be configured and, before TLS, forged: nothing that matters
 * may hang on it alone.
 */
export function productOf(greeting: readonly string[]): string | undefined {
  const text = greeting.join(" ").slice(0, textMax);
  for (const [name, pattern] of products) {
    const found = pattern.exec(text);
    if (found !== null) return found[1] === undefined ? name : `${name} ${found[1]}`;
  }
  return undefined;
}

const textMax = 4_096;

const version = String.raw`(?:[ /v-]*(\d[\w.-]*))?`;

const products: ReadonlyArray<readonly [name: string, pattern: RegExp]> = [
  ["Sallyport", /\bSallyport\b/i],
  ["vsFTPd", new RegExp(`\\bvsFTPd${version}`, "i")],
  ["ProFTPD", new RegExp(`\\bProFTPD${version}`, "i")],
  ["Pure-FTPd", /\bPure-FTPd\b/i],
  ["pyftpdlib", new RegExp(`\\bpyftpdlib(?: based ftpd)?${version}`, "i")],
  ["FileZilla Server", new RegExp(`\\bFileZilla Server(?: version)?${version}`, "i")],
  ["Microsoft FTP Service", /\bMicrosoft FTP Service\b/i],
  ["Serv-U", new RegExp(`\\bServ-U FTP Server${version}`, "i")],
  ["Gene6 FTP Server", new RegExp(`\\bGene6 FTP Server${version}`, "i")],
  ["IBM i", /\bQTCP\b/],
  ["wu-ftpd", new RegExp(`\\bwu${version}`, "i")],
  ["DrFTPD", new RegExp(`\\bDrFTPD${version}`, "i")],
  ["glFTPd", new RegExp(`\\bglFTPd${version}`, "i")],
];
