import { styleText } from "node:util";
import { shellWord } from "./shell-word.ts";

/** What somebody has to know to connect. */
export interface DemoFacts {
  readonly version: string;
  readonly host: string;
  readonly explicitPort: number | undefined;
  readonly implicitPort: number | undefined;
  /** Name of the account. */
  readonly name: string;
  readonly password: string;
  /** File of the authority to trust; absent: one that clients know already. */
  readonly authority?: string;
  readonly files: string;
  /** Where a browser finds the online client. */
  readonly web?: string;
}

/**
 * The page that `start` opens with: both modes, and for each a line to paste for every program that people have. Amber
 * and an open frame are for what anybody on the wire can read, teal and a full block for what nobody can.
 */
export function banner(facts: DemoFacts, options: { readonly colours: boolean }): string {
  const paint = painter(options.colours);
  const { explicitPort, implicitPort } = facts;
  const modes = [
    ...(explicitPort === undefined ? [] : [explicitMode(facts, explicitPort)]),
    ...(implicitPort === undefined ? [] : [implicitMode(facts, implicitPort)]),
  ];
  const lines = [
    "",
    `  ${paint.clear("▯")}${paint.encrypted("▮")}  ${paint.strong(`Sallyport ${facts.version}`)}`,
    "",
    ...modes.map(
      ({ readability, mode, url, meaning }) =>
        `  ${paint[readability](`${marks[readability]} ${mode}  ${url.padEnd(24)}`)}  ${meaning}`,
    ),
    "",
    `  account    ${paint.strong(facts.name)}`,
    `  password   ${paint.strong(facts.password)}`,
    `  files      ${facts.files}`,
    ...(facts.authority === undefined ? [] : [`  authority  ${facts.authority}`]),
    ...(facts.web === undefined
      ? []
      : [
          `  browser    ${paint.strong(`${facts.web}#${serverUrl(facts)}`)}`,
          ...(modes.length === 2 ? [`  live       ${paint.strong(explanationUrl(facts, facts.web))}`] : []),
        ]),
    "",
    ...programs.flatMap((program) => [
      `  ${program}`,
      ...modes.map(({ readability, commands }) => `    ${paint[readability](marks[readability])} ${commands[program]}`),
    ]),
    "",
    `  Both modes as somebody on the wire sees them:`,
    `      ./sallyport explain ${facts.host}${portFlag("explicit", explicitPort)}${portFlag("implicit", implicitPort)}${trusting("--ca", facts.authority)}`,
    "",
    "  Ctrl-C stops the server; what happens is told below.",
    "",
  ];
  return `${lines.join("\n")}\n`;
}

/** Where the page shows both modes of this server as they happen, once somebody asks it to. */
function explanationUrl({ host, explicitPort, implicitPort }: DemoFacts, web: string): string {
  const place = new URLSearchParams({ host, explicit: String(explicitPort), implicit: String(implicitPort) });
  return `${web}#explain?${place.toString()}`;
}

/** What the form there is to be filled with. */
function serverUrl({ host, name, explicitPort, implicitPort }: DemoFacts): string {
  const [scheme, port] = explicitPort === undefined ? ["ftps", implicitPort] : ["ftpes", explicitPort];
  return `${scheme}://${name}@${host}:${port}`;
}

const programs = ["curl", "lftp", "openssl", "telnet", "FileZilla"] as const;

interface Mode {
  readonly mode: string;
  readonly readability: "clear" | "encrypted";
  readonly url: string;
  readonly meaning: string;
  readonly commands: Readonly<Record<(typeof programs)[number], string>>;
}

const marks = { clear: "□", encrypted: "■" } as const;

function explicitMode({ host, name, password, authority }: DemoFacts, port: number): Mode {
  return {
    mode: "explicit",
    readability: "clear",
    url: `ftp://${host}:${port}`,
    meaning: "clear until AUTH TLS, then encrypted",
    commands: {
      curl: `curl --ssl-reqd${trusting("--cacert", authority)} -u ${name}:${password} ftp://${host}:${port}/`,
      lftp: `lftp -u ${name},${password} -e '${lftpAuthority(authority)}set ftp:ssl-force yes; ls' ftp://${host}:${port}`,
      openssl: `openssl s_client -starttls ftp -connect ${host}:${port}${trusting("-CAfile", authority)} -crlf -nocommands`,
      telnet: `telnet ${host} ${port}     greets in the clear; AUTH TLS is answered with 234`,
      FileZilla: fileZilla("Require explicit FTP over TLS", { host, port, name }),
    },
  };
}

function implicitMode({ host, name, password, authority }: DemoFacts, port: number): Mode {
  return {
    mode: "implicit",
    readability: "encrypted",
    url: `ftps://${host}:${port}`,
    meaning: "encrypted from the first octet",
    commands: {
      curl: `curl${trusting("--cacert", authority)} -u ${name}:${password} ftps://${host}:${port}/`,
      lftp: `lftp -u ${name},${password} -e '${lftpAuthority(authority)}ls' ftps://${host}:${port}`,
      openssl: `openssl s_client -connect ${host}:${port}${trusting("-CAfile", authority)} -crlf -nocommands`,
      telnet: `telnet ${host} ${port}     says nothing; whatever is typed ends the connection`,
      FileZilla: fileZilla("Require implicit FTP over TLS", { host, port, name }),
    },
  };
}

function fileZilla(
  encryption: string,
  at: { readonly host: string; readonly port: number; readonly name: string },
): string {
  return `Site Manager: FTP, host ${at.host}, port ${at.port}, "${encryption}", normal, user ${at.name}`;
}

function trusting(flag: string, authority: string | undefined): string {
  return authority === undefined ? "" : ` ${flag} ${shellWord(authority)}`;
}

function lftpAuthority(authority: string | undefined): string {
  return authority === undefined ? "" : `set ssl:ca-file ${authority}; `;
}

function portFlag(mode: "explicit" | "implicit", port: number | undefined): string {
  return port === undefined ? "" : ` --${mode}-port ${port}`;
}

function painter(colours: boolean) {
  const style = (format: "yellow" | "cyan" | "bold") => (text: string) =>
    colours ? styleText(format, text, { validateStream: false }) : text;
  return { clear: style("yellow"), encrypted: style("cyan"), strong: style("bold") };
}
