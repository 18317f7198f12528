import type { Answer } from "../probes/control.ts";
import type { Facts } from "../probes/gather.ts";

/** Servers whose remedies are known. */
export const productNames = {
  vsftpd: "vsftpd",
  proftpd: "ProFTPD",
  pureFtpd: "Pure-FTPd",
  fileZilla: "FileZilla Server",
  iis: "IIS",
  sallyport: "Sallyport",
  pyftpdlib: "pyftpdlib",
} as const;

export type Product = keyof typeof productNames;

/** What the server says it is; undefined where it does not say. */
export interface DetectedProduct {
  readonly product: Product;
  readonly name: string;
  readonly version: string | undefined;
  /** The words that tell. */
  readonly evidence: string;
}

/** Words of each product in its greeting, SYST, FEAT or HELP; the version where one stands beside. */
const signs: readonly (readonly [Product, RegExp])[] = [
  ["sallyport", /\bSallyport(?: (?<version>\d[\w.]*))?/],
  ["vsftpd", /\bvsFTPd(?: (?<version>\d[\w.]*))?/i],
  ["proftpd", /\bProFTPD(?: (?<version>\d[\w.]*))?/i],
  ["pureFtpd", /\bPure-FTPd(?: (?<version>\d[\w.]*))?/i],
  ["fileZilla", /\bFileZilla Server(?: (?:version )?(?<version>\d[\w.]*))?/i],
  ["iis", /\bMicrosoft FTP Service/],
  ["pyftpdlib", /\bpyftpdlib(?: (?<version>\d[\w.]*))?/],
];

/** Words that only one product answers with, where it does not tell its name. */
const habits: readonly (readonly [Product, RegExp])[] = [
  ["sallyport", /This server knows AUTH TLS\./],
  [
    "pureFtpd",
    /This security scheme is not implemented|Would you like to play\?|You will be disconnected after \d+ minutes of inactivity/,
  ],
  ["vsftpd", /Please login with USER and PASS\.|Unknown AUTH type\./],
  ["iis", /Windows_NT/],
];

export function detectProduct({ explicit, implicit }: Facts): DetectedProduct | undefined {
  const told: (Answer | undefined)[] = [];
  if (explicit.kind === "known") {
    const { greeting, help, features, mechanisms, inside } = explicit.value;
    told.push(greeting, help, features, ...Object.values(mechanisms), inside?.system, inside?.secondAuth);
  }
  if (implicit.kind === "known") told.push(implicit.value.greeting, implicit.value.inside?.system);
  const lines = told.flatMap((answer) => (answer?.kind === "reply" ? answer.lines : []));
  for (const [product, pattern] of [...signs, ...habits]) {
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match) return { product, name: productNames[product], version: match.groups?.["version"], evidence: line };
    }
  }
  return undefined;
}
