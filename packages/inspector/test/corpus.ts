import { constants, X509Certificate } from "node:crypto";
import type { TlsOptions } from "node:tls";
import type { InspectOptions } from "@sallyport/inspector";
import { makeTestIdentity, type TestIdentity } from "@sallyport/testing";
import {
  alert,
  bareHello,
  beatingHello,
  compressingHello,
  refusingFuture,
  refusingGrease,
  refusingLarge,
  refusingNameless,
  ssl2Hello,
  ssl3Hello,
  worldlyHello,
} from "./corpus-flights.ts";
import type { Faults } from "./faulty-server.ts";
import type { NameRecord } from "./name-server.ts";

/** The name under which every server of the corpus is inspected; the name system knows it as 127.0.0.1. */
export const host = "ftp.example.test";
export const identity = makeTestIdentity({ names: [host, "127.0.0.1"] });
export const soundTls = tlsOf(identity);
export const soundRecords: readonly NameRecord[] = [{ name: host, type: "A", data: Buffer.from([127, 0, 0, 1]) }];

/** A server with one fault: which check tells of it, and in what words. A sound server has none of them. */
export interface FaultCase {
  /** ID and name of the check. */
  readonly check: string;
  readonly said: RegExp;
  readonly faults?: Partial<Faults>;
  readonly options?: InspectOptions;
  /** What the name system says, where that is the fault. */
  readonly records?: readonly NameRecord[];
  /** The fault leaves nothing to judge, and the finding has to say so instead of being in order. */
  readonly isUntested?: boolean;
  /** Serves a second address of the name, with another certificate. */
  readonly isElsewhere?: boolean;
}

/** Versions and suites that no server of today takes. */
const old = { minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" } as const;
/** Signs with SHA-1 whatever the client likes best. */
const sha1 = { sigalgs: "RSA+SHA1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
const deep = { deep: true } as const;
const noTls: Partial<Faults> = { clear: { "AUTH TLS": "502 no" }, implicitInClear: true };
const feat = (lines: string) => `211-Extensions:\r\n${lines}211 End`;

export const faultCases: readonly FaultCase[] = [
  { check: "M1 greeting", said: /is no 220/, faults: { greeting: "230 hello" } },
  { check: "M1 silence", said: /speaks in clear|answers commands in clear/, faults: { implicitInClear: true } },
  { check: "M2 auth", said: /AUTH TLS is refused/, faults: { clear: { "AUTH TLS": "502 no" } } },
  { check: "M2 auth", said: /FEAT does not tell/, faults: { clear: { FEAT: feat("") } } },
  {
    check: "M2 mechanisms",
    said: /nobody has is taken/,
    faults: { clear: { "AUTH X-SALLYPORT-INSPECT": "334 go on" } },
  },
  {
    check: "M2 mechanisms",
    said: /AUTH SSL leads to SSL 3\.0/,
    faults: { clear: { "AUTH SSL": "234 go on" }, tls: { ...soundTls, ...old }, helloAnswer: ssl3Hello },
  },
  { check: "M3 modes", said: /No mode of TLS works/, faults: noTls },
  { check: "M4 tolerance", said: /second time inside TLS/, faults: { inside: { AUTH: "234 again" } } },
  { check: "M4 late-auth", said: /taken behind a login/, faults: { inside: { AUTH: "234 again" } } },
  { check: "M5 implicit-default", said: /in clear until PROT P/, faults: { data: { clear: "taken" } } },
  { check: "P1 clear-login", said: /USER is taken before TLS/, faults: { clear: { USER: "331 password" } } },
  { check: "P2 protection", said: /CCC ends the protection/, faults: { inside: { CCC: "200 in clear" } } },
  { check: "P2 protection", said: /cannot be protected/, faults: { inside: { "PROT P": "536 no" } } },
  { check: "P3 clear-data", said: /go in clear/, faults: { data: { clear: "taken" } } },
  { check: "P4 clear-after-auth", said: /returns to clear text/, faults: { goesOnInClear: true } },
  { check: "P5 injection", said: /is obeyed inside TLS/, faults: { obeysInjection: true } },
  {
    check: "P6 reply-injection",
    said: /reply in clear follows/,
    faults: { clear: { "AUTH TLS": "234 go on\r\n230 in" } },
  },
  { check: "P7 reinitialize", said: /starts over/, faults: { inside: { REIN: "220 again" } } },
  {
    check: "D1 passive-address",
    said: /PASV tells 10\.0\.0\.5/,
    faults: { inside: { PASV: "227 (10,0,0,5,200,10)" } },
  },
  { check: "D1 extended-passive", said: /EPSV is not taken/, faults: { inside: { EPSV: "502 no" } } },
  { check: "D2 passive-ports", said: /Each port follows the one before/, faults: { data: { portsInRow: true } } },
  { check: "D2 stolen-data", said: /from another address is taken/, faults: { data: { takesStrangers: true } } },
  {
    check: "D3 data-tls",
    said: /another certificate/,
    faults: { data: { tls: tlsOf(another()), resumption: "offered" } },
  },
  { check: "D4 resumption", said: /need not resume/, faults: { data: { resumption: "offered" } } },
  { check: "D4 resumption", said: /cannot resume/, faults: { data: { resumption: "absent" } } },
  { check: "D4 resumption", said: /neither with resumption nor/, faults: { data: { breaksOff: true } } },
  { check: "D4 resumption", said: /neither with resumption nor/, faults: { data: { isEndless: true } } },
  { check: "D4 resumption-kinds", said: /^By none/, faults: { data: { resumption: "absent" } } },
  {
    check: "D5 resumption-binding",
    said: /opens the data connection of any/,
    faults: { data: { sharesTickets: true } },
  },
  {
    check: "D5 resumption-binding",
    said: /its own ticket opens none either/,
    faults: { data: { breaksOff: true } },
    isUntested: true,
  },
  { check: "D6 data-end", said: /without close_notify/, faults: { data: { withoutCloseNotify: true } } },
  { check: "D6 cut-upload", said: /is called complete/, faults: { data: { callsAllComplete: true } } },
  { check: "D7 abort", said: /have one last reply/, faults: { inside: { ABOR: "" } } },
  { check: "D7 unclaimed-data", said: /is called complete/, faults: { data: { callsAllComplete: true } } },
  { check: "D7 empty-file", said: /does not come through/, faults: { inside: { RETR: "426 nothing there" } } },
  { check: "D8 bounce", said: /PORT to another host is taken/, faults: { inside: { PORT: "200 ok" } } },
  {
    check: "D8 bounce",
    said: /connects where PORT sends it/,
    faults: { inside: { PORT: "200 ok" }, data: { isSentAnywhere: true } },
  },
  { check: "F1 features", said: /Not listed: MLST/, faults: { inside: { FEAT: feat(" UTF8\r\n") } } },
  { check: "F1 features-at-work", said: /Listed, but not there: SIZE/, faults: { inside: { SIZE: "500 what?" } } },
  { check: "F2 version-leak", said: /The version is told/, faults: { greeting: "220 ExampleFTPd 1.2.3 ready" } },
  { check: "F2 known-flaws", said: /^CVE-2011-2523: .* backdoor/, faults: { greeting: "220 (vsFTPd 2.3.4)" } },
  {
    check: "F2 known-flaws",
    said: /had CVE-2015-3306, CVE-2020-9273/,
    faults: { greeting: "220 ProFTPD 1.3.5 Server" },
  },
  {
    check: "F3 anonymous",
    said: /Anybody may log in .* nothing can/,
    faults: { inside: { "USER anonymous": "230 hi" } },
  },
  {
    check: "F3 anonymous",
    said: /anonymous and write/,
    faults: { inside: { "USER anonymous": "230 hi", MKD: "257 made", RMD: "250 gone" } },
  },
  {
    check: "F4 account-names",
    said: /answered otherwise/,
    faults: { inside: { "USER alice": "331 password", USER: "530 who?" } },
  },
  { check: "F4 guesses", said: /as fast as they are sent/, faults: { allowsGuessing: true }, options: deep },
  { check: "F5 odd-input", said: /line without end is waited/, faults: { stallsOnLongLines: true }, options: deep },
  { check: "F5 odd-input", said: /nobody is greeted any more/, faults: { diesOfLongLines: true }, options: deep },
  { check: "F5 upwards", said: /whole machine/, faults: { inside: { SIZE: "213 1234" } }, options: deep },
  { check: "T1 versions", said: /TLS 1\.3 is missing/, faults: { tls: { ...soundTls, maxVersion: "TLSv1.2" } } },
  { check: "T1 versions", said: /TLS 1\.1 is taken/, faults: { tls: { ...soundTls, ...old } } },
  {
    check: "T1 versions",
    said: /SSL 3\.0 is taken/,
    faults: { tls: { ...soundTls, ...old }, helloAnswer: ssl3Hello },
  },
  { check: "T1 versions", said: /SSL 2\.0 is taken/, faults: { helloAnswer: ssl2Hello } },
  { check: "T1 versions", said: /do not exist yet/, faults: { helloAnswer: refusingFuture } },
  { check: "T1 other-port", said: /TLS 1\.1 is taken/, faults: { implicitTls: { ...soundTls, ...old } } },
  {
    check: "T2 suites",
    said: /without authentication/,
    faults: { tls: { ...soundTls, ciphers: "ALL:aNULL:@SECLEVEL=0" } },
  },
  { check: "T2 preference", said: /server's order/, faults: { tls: { ...soundTls, honorCipherOrder: true } } },
  {
    check: "T2 every-suite",
    said: /that nobody should take/,
    faults: { tls: { ...soundTls, ciphers: "AECDH-NULL-SHA:ECDHE+AESGCM:@SECLEVEL=0" } },
    options: deep,
  },
  { check: "T3 groups", said: /No post-quantum group/, faults: { tls: { ...soundTls, ecdhCurve: "prime256v1" } } },
  { check: "T3 large-hello", said: /large ClientHello/, faults: { helloAnswer: refusingLarge } },
  {
    check: "T3 every-group",
    said: /^Groups: P-256$/,
    faults: { tls: { ...soundTls, ecdhCurve: "prime256v1" } },
    options: deep,
  },
  {
    check: "T4 forward-secrecy",
    said: /without forward secrecy/,
    faults: { tls: { ...tlsOf(rsa()), ciphers: "AES128-GCM-SHA256:ECDHE+AESGCM" } },
  },
  { check: "T4 forward-secrecy", said: /prime has 1024 bits/, faults: { helloAnswer: worldlyHello } },
  { check: "T4 ephemeral-keys", said: /one that many servers share \(group 2/, faults: { helloAnswer: worldlyHello } },
  { check: "T4 ephemeral-keys", said: /used again in another/, faults: { helloAnswer: worldlyHello } },
  { check: "T5 signatures", said: /signed with SHA-1/, faults: { tls: { ...tlsOf(rsa()), ...sha1 } } },
  {
    check: "T5 every-signature",
    said: /^Signed with rsa_pss/,
    faults: { tls: tlsOf(rsa()) },
    options: deep,
  },
  { check: "T6 extensions", said: /Renegotiation is not secured/, faults: { helloAnswer: bareHello } },
  {
    check: "T6 encrypt-then-mac",
    said: /authenticate the text alone/,
    faults: { tls: { ...soundTls, secureOptions: constants.SSL_OP_NO_ENCRYPT_THEN_MAC } },
  },
  { check: "T7 compression", said: /CRIME/, faults: { helloAnswer: compressingHello } },
  { check: "T7 heartbeat", said: /Heartbleed/, faults: { helloAnswer: beatingHello } },
  {
    check: "T7 early-ccs",
    said: /is taken before there are any/,
    faults: { helloAnswer: bareHello, afterFlight: alert(20) },
  },
  { check: "T8 fallback", said: /does not notice/, faults: { helloAnswer: bareHello } },
  { check: "T9 alpn", said: /ALPACA/, faults: { tls: without(soundTls, "ALPNProtocols") } },
  {
    check: "T9 web-request",
    said: /Words of a request come back/,
    faults: { inside: { "<b>sallyport-7c1f</b>": "500 <b>sallyport-7c1f</b>?" } },
  },
  { check: "T9 wrong-commands", said: /^100 wrong commands/, faults: { isPatient: true }, options: deep },
  { check: "T10 server-name", said: /without a name is refused/, faults: { helloAnswer: refusingNameless } },
  { check: "T11 unknown-values", said: /make the server stumble/, faults: { helloAnswer: refusingGrease } },
  { check: "T12 cross-mode", said: /certificates of their own/, faults: { implicitTls: tlsOf(rsa()) } },
  {
    check: "T13 client-certificate",
    said: /of certain authorities is asked for/,
    faults: { tls: { ...soundTls, requestCert: true, ca: identity.ca } },
  },
  { check: "C1 trust", said: /signs itself|Nobody trusted here/, faults: { tls: tlsOf(another()) } },
  {
    check: "C1 trust",
    said: /Nobody trusted here/,
    faults: { tls: tlsOf(made({ authority: "another", validFromDays: -9, validForDays: -2 })) },
  },
  {
    check: "C1 chain",
    said: /out of order/,
    faults: { tls: { ...soundTls, cert: identity.leaf + another().ca + identity.ca } },
  },
  {
    check: "C1 chain",
    said: /ends before an authority/,
    faults: { tls: { ...tlsOf(another()), cert: another().leaf } },
  },
  { check: "C2 name", said: /other names/, faults: { tls: tlsOf(makeTestIdentity({ names: ["other.example"] })) } },
  { check: "C3 validity", said: /Expired on/, faults: { tls: tlsOf(made({ validFromDays: -9, validForDays: -2 })) } },
  { check: "C3 validity", said: /Expires in/, faults: { tls: tlsOf(made({ validForDays: 5 })) } },
  {
    check: "C4 key",
    said: /1024 bits is too short/,
    faults: { tls: { ...tlsOf(made({ keyType: "rsa1024" })), ciphers: "DEFAULT:@SECLEVEL=0" } },
  },
  { check: "C5 usage", said: /not made for servers/, faults: { tls: tlsOf(made({ usage: "client" })) } },
  {
    check: "C5 usage",
    said: /may not sign/,
    faults: { tls: tlsOf(made({ extensions: ["keyUsage=keyEncipherment"] })) },
  },
  {
    check: "C6 revocation",
    said: /demands an OCSP response/,
    faults: { tls: tlsOf(made({ extensions: ["tlsfeature=status_request"] })) },
  },
  { check: "C6 revocation", said: /cannot be read/, faults: { staple: Buffer.from("3003020101", "hex") } },
  {
    check: "C7 transparency",
    said: /is in 1 public logs/,
    faults: { tls: tlsOf(made({ extensions: [timestamp()] })) },
  },
  { check: "C8 same-certificate", said: /different certificates/, faults: { implicitTls: tlsOf(rsa()) } },
  {
    check: "C8 same-certificate-elsewhere",
    said: /different certificates/,
    records: [...soundRecords, { name: host, type: "A", data: Buffer.from([127, 0, 0, 2]) }],
    isElsewhere: true,
  },
  { check: "C9 both-keys", said: /^Both RSA and ECDSA/, faults: { tls: bothKeys() } },
  { check: "X1 tlsa", said: /^No TLSA record fits/, records: [...soundRecords, tlsa(Buffer.alloc(32))] },
  {
    check: "X2 addresses",
    said: /does not greet/,
    records: [...soundRecords, { name: host, type: "AAAA", data: Buffer.from([...new Uint8Array(15), 1]) }],
  },
  {
    check: "X3 services",
    said: /1 SRV records/,
    records: [
      ...soundRecords,
      {
        name: `_ftp._tcp.${host}`,
        type: "SRV",
        data: Buffer.concat([Buffer.from([0, 1, 0, 2, 8, 0x53]), label("other"), Buffer.from([0])]),
      },
    ],
  },
];

/** A TLSA record for the port of every server; the runner puts its number there. */
export function tlsa(digest: Buffer): NameRecord {
  return { name: `_PORT._tcp.${host}`, type: "TLSA", data: Buffer.concat([Buffer.from([3, 1, 1]), digest]) };
}

export function publicKeyOf(pem: string): Buffer {
  return new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
}

function label(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

function tlsOf({ key, certificate }: TestIdentity): TlsOptions {
  return { key, cert: certificate, ALPNProtocols: ["ftp"] };
}

function without(options: TlsOptions, name: keyof TlsOptions): TlsOptions {
  return Object.fromEntries(Object.entries(options).filter(([key]) => key !== name));
}

function made(wishes: Omit<Parameters<typeof makeTestIdentity>[0], "names">): TestIdentity {
  return makeTestIdentity({ names: [host], ...wishes });
}

function another(): TestIdentity {
  return made({ authority: "another" });
}

function rsa(): TestIdentity {
  return made({ keyType: "rsa" });
}

function bothKeys(): TlsOptions {
  const other = rsa();
  return { key: [identity.key, other.key], cert: [identity.certificate, other.certificate], ALPNProtocols: ["ftp"] };
}

/** The list of one timestamp of a log (RFC 6962 §3.3), as a line of OpenSSL's configuration. */
function timestamp(): string {
  const entry = Buffer.concat([Buffer.alloc(33, 7), Buffer.from("0000018bcfe568000000040300020707", "hex")]);
  const list = Buffer.concat([Buffer.from([0, entry.length + 2, 0, entry.length]), entry]);
  const wrapped = Buffer.concat([Buffer.from([4, list.length]), list]);
  return `1.3.6.1.4.1.11129.2.4.2=DER:${wrapped.toString("hex")}`;
}
