import type { FailureCause, FailureFacts } from "../explanation.ts";
import { foreignAddress, isAfterPreliminary } from "../failure-facts.ts";

const notOpened = ["SALLYPORT_CONNECT_REFUSED", "SALLYPORT_CONNECT_TIMEOUT", "SALLYPORT_CONNECT_FAILED"];
const dataReplies = [425, 426, 450, 451, 521, 522, 534, 550];

/** Where data connections are opened, protected and ended. */
export const dataConnectionCauses: readonly FailureCause[] = [
  {
    id: "data-not-resumed",
    title: "Data connections have to resume TLS",
    text:
      "The server takes a data connection only if it resumes the TLS of its control connection, which proves that both come " +
      "from the same client; this one did not.",
    clues: [
      { likelihood: "certain", replies: dataReplies, says: /reuse|resum/i },
      { likelihood: "certain", codes: ["SALLYPORT_NOT_RESUMED"] },
      {
        likelihood: "likely",
        replies: [425, 426, 522],
        when: ({ circumstances }) => circumstances.dataResumed === false,
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "require_ssl_reuse=NO",
      ProFTPD: "TLSOptions NoSessionReuseRequired",
      "FileZilla Server": "none: it always demands it",
      Sallyport: 'data-resumption = "adaptive" or "offer"',
    },
    here: {
      text: "This client resumes unless it is told not to; where TLS 1.3 is refused, it has tried TLS 1.2 by itself.",
      option: 'tls.resumption: "prefer"',
    },
    reference: "RFC 4217 §10; measured with vsftpd 3.0.3 (522) and ProFTPD 1.3.8 (425)",
  },
  {
    id: "passive-address-foreign",
    title: "The server names an address that is not its own (NAT)",
    text:
      "The server stands behind NAT and names the address that it has inside, which nobody outside can reach. Normally the " +
      "address of the control connection is taken instead.",
    clues: [
      {
        likelihood: "certain",
        codes: notOpened,
        when: (facts) => isDataFailure(facts) && foreignAddress(facts) !== undefined && wasTried(facts),
      },
      {
        likelihood: "likely",
        codes: notOpened,
        when: (facts) => isDataFailure(facts) && foreignAddress(facts) !== undefined,
      },
    ],
    fixedBy: ["administrator", "you"],
    settings: {
      vsftpd: "pasv_address= the public address",
      ProFTPD: "MasqueradeAddress the public address",
      "Pure-FTPd": "ForcePassiveIP (-P) the public address",
      pyftpdlib: "masquerade_address = the public address",
      "FileZilla Server": "Passive mode: Use the following host",
      IIS: "FTP Firewall Support: External IP Address of Firewall",
      Sallyport: "masquerade",
    },
    here: {
      text: "Leave the address that is named out of account, which is the default.",
      option: 'data: { passiveAddress: "control" }',
    },
    reference: "RFC 2577 §3, RFC 2428 §3 (EPSV names no address)",
  },
  {
    id: "passive-ports-blocked",
    title: "A firewall blocks the passive ports",
    text:
      "The port that the server named for the data connection cannot be reached: a firewall or NAT on the server's side does " +
      "not let its range of passive ports through. Under TLS no firewall can read which port it will be.",
    clues: [{ likelihood: "likely", codes: notOpened, when: isDataFailure }],
    fixedBy: ["administrator", "network", "you"],
    settings: {
      vsftpd: "pasv_min_port, pasv_max_port, and the same range opened in the firewall",
      ProFTPD: "PassivePorts, and the same range opened in the firewall",
      "Pure-FTPd": "PassivePortRange (-p), and the same range opened in the firewall",
      pyftpdlib: "passive_ports, and the same range opened in the firewall",
      "FileZilla Server": "Passive mode: Use custom port range, and the same range opened in the firewall",
      IIS: "FTP Firewall Support: Data Channel Port Range, and the same range opened in the firewall",
      Sallyport: "passive-ports, and the same range opened in the firewall",
    },
    here: {
      text: "Where nothing stands before this machine, let the server connect to it instead.",
      flag: "--active",
      option: 'data: { mode: "active" }',
    },
    reference: "RFC 1579, RFC 4217 §7",
  },
  {
    id: "passive-refused",
    title: "The server has no passive mode",
    text: "The server refuses passive data connections.",
    clues: [
      {
        likelihood: "certain",
        codes: ["SALLYPORT_NO_DATA_SETUP"],
        verbs: ["PASV", "EPSV"],
        when: ({ replyText }) => !/ssl|tls/i.test(replyText),
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "pasv_enable=YES, and neither EPSV nor PASV in cmds_denied",
      ProFTPD: "no <Limit EPSV PASV>",
      IIS: "FTP Firewall Support: a range of ports",
    },
    here: { text: "Let the server connect to here.", flag: "--active", option: 'data: { mode: "active" }' },
    reference: "RFC 959 §4.1.2",
  },
  {
    id: "active-refused",
    title: "The server does not connect to clients",
    text:
      "The server refuses to open data connections to clients: active mode is off, or it took the address for somebody " +
      "else's (as a guard against bounce attacks).",
    clues: [
      { likelihood: "certain", codes: ["SALLYPORT_NO_DATA_SETUP"], verbs: ["PORT", "EPRT"] },
      { likelihood: "likely", replies: [500, 501, 504, 550], verbs: ["PORT", "EPRT"] },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "port_enable=YES; port_promiscuous=YES for addresses of others",
      ProFTPD: "no <Limit EPRT PORT>; AllowForeignAddress for addresses of others",
      "Pure-FTPd": "none for an address of another host; behind NAT NATmode yes (-N)",
      pyftpdlib: "permit_foreign_addresses, permit_privileged_ports",
      Sallyport: 'active = "on"',
    },
    here: { text: "Leave --active out: passive mode is the default.", option: 'data: { mode: "passive" }' },
    reference: "RFC 2577 §3",
  },
  {
    id: "active-unreachable",
    title: "The server cannot connect to here",
    text: "In active mode the server connects to this machine, and a firewall or NAT on this side does not let it in.",
    clues: [
      { likelihood: "likely", codes: ["SALLYPORT_DATA_CONNECT_TIMEOUT"] },
      { likelihood: "likely", replies: [425], when: ({ circumstances }) => circumstances.dataSetup === "active" },
    ],
    fixedBy: ["you", "network"],
    settings: {
      vsftpd: "connect_from_port_20 and connect_timeout, seldom",
    },
    here: {
      text: "Leave --active out; or open a range of ports here, and name it.",
      flag: "--ports FIRST-LAST",
      option: "data: { ports }",
    },
    reference: "RFC 1579",
  },
  {
    id: "data-protection-required",
    title: "Data connections have to be encrypted",
    text: "The server refuses data connections in clear.",
    clues: [
      {
        likelihood: "certain",
        codes: ["SALLYPORT_COMMAND_REFUSED", "SALLYPORT_NO_DATA_SETUP", "SALLYPORT_PROTECTION_REFUSED"],
        replies: [421, 425, 431, 503, 521, 522, 533, 534, 536, 550],
        says: /(?:must be|require|unwilling|stay).*(?:encrypt|ssl|tls|secur|protect)|(?:ssl|tls|encrypt).*requir|PROT setting|security parameters/i,
        when: ({ circumstances }) => circumstances.dataProtection === "C" || circumstances.tlsVersion === undefined,
      },
    ],
    fixedBy: ["you"],
    settings: {
      vsftpd: "force_local_data_ssl=NO",
      ProFTPD: "TLSRequired ctrl (or off) in place of on or data",
      "Pure-FTPd": "TLS 2 (-Y 2) in place of 3",
      pyftpdlib: "tls_data_required = False",
      IIS: "FTP SSL Settings, Custom: Data Channel Allow",
      Sallyport: 'require-tls = "login"',
    },
    here: { text: "Let files be encrypted, too, which is the default.", option: 'dataProtection: "P"' },
    reference: "RFC 4217 §9, RFC 2228 §4 (521, 534)",
  },
  {
    id: "data-protection-refused",
    title: "The server does not encrypt data connections",
    text: "The server refuses PROT P: it protects the login and leaves files in clear, for a policy or for want of a licence.",
    clues: [
      {
        likelihood: "certain",
        codes: ["SALLYPORT_PROTECTION_REFUSED"],
        when: ({ circumstances }) => circumstances.dataProtection !== "C",
      },
    ],
    fixedBy: ["administrator"],
    settings: { ProFTPD: "TLSRequired without !data", IIS: "FTP SSL Settings, Custom: Data Channel not Deny" },
    here: { text: "Let files go in clear, which everybody on the way can read.", option: 'dataProtection: "C"' },
    reference: "RFC 4217 §9",
  },
  {
    id: "data-cut",
    title: "The data ended without its proper end",
    text:
      "TLS has a mark for its end (close_notify), and it did not come: the connection was cut on the way, or the server's " +
      "software leaves it out. Without it nobody can tell a whole file from a part.",
    clues: [{ likelihood: "likely", codes: ["SALLYPORT_DATA_TRUNCATED"] }],
    fixedBy: ["network", "administrator"],
    settings: {
      vsftpd: "data_connection_timeout, where transfers stall",
      ProFTPD: "TimeoutStalled, where transfers stall",
    },
    here: { text: "Try again; a download goes on where it broke off.", flag: "--resume", option: "resume: true" },
    reference: "RFC 8446 §6.1, RFC 4217 §12.3",
  },
  {
    id: "data-stalled",
    title: "The transfer stood still for too long",
    text: "No octets moved for so long that the server gave the transfer up.",
    clues: [
      { likelihood: "certain", replies: [421, 425, 426, 450, 451], says: /data timeout|stalled/i },
      { likelihood: "certain", replies: [425, 426, 450, 451], says: /no transfer|timed? ?out/i },
      // ProFTPD says nothing (measured).
      { likelihood: "likely", codes: ["SALLYPORT_CONNECTION_LOST"], when: isAfterPreliminary },
      { likelihood: "possible", replies: [426] },
    ],
    fixedBy: ["network", "administrator"],
    settings: {
      vsftpd: "data_connection_timeout=300",
      ProFTPD: "TimeoutStalled 3600",
      "Pure-FTPd": "MaxIdleTime (-I) in minutes",
      pyftpdlib: "DTPHandler.timeout = 300",
      IIS: "Connection limits: Data Channel Timeout",
      Sallyport: "limits.dataStallMs",
    },
    here: { text: "Try again; the transfer goes on where it broke off.", flag: "--resume", option: "resume: true" },
    reference: "RFC 959 §5.4 (426)",
  },
];

function isDataFailure({ code }: FailureFacts): boolean {
  return code === "SALLYPORT_DATA_FAILED";
}

/** Whether the address that the server named is the one that was tried. */
function wasTried(facts: FailureFacts): boolean {
  const address = foreignAddress(facts);
  return address !== undefined && facts.messages.includes(address);
}
