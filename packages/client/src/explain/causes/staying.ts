import type { FailureCause, FailureFacts } from "../explanation.ts";
import { isAfterPreliminary } from "../failure-facts.ts";

/** Connections that end while they are used, or seem to. */
export const stayingCauses: readonly FailureCause[] = [
  {
    id: "idle-timeout",
    title: "The server closes what is idle",
    text: "The server closes control connections on which nothing was asked for a while, and takes a long transfer for idleness in some cases.",
    clues: [
      {
        likelihood: "certain",
        replies: [421],
        says: /time.?out|idle|inactiv|no transfer|faster/i,
        when: ({ replyText }) => !/data timeout|stalled/i.test(replyText),
      },
      { likelihood: "likely", codes: ["SALLYPORT_CONNECTION_LOST"], when: isLateInTheDialogue },
      { likelihood: "likely", codes: ["SALLYPORT_CONNECTION_OVER"], error: /control connection is over/ },
    ],
    fixedBy: ["administrator", "you"],
    settings: {
      vsftpd: "idle_session_timeout=300",
      ProFTPD: "TimeoutIdle 600, TimeoutNoTransfer 300, TimeoutSession",
      "Pure-FTPd": "MaxIdleTime 15 (-I), in minutes",
      pyftpdlib: "FTPHandler.timeout = 300",
      "FileZilla Server": "Timeouts: no activity",
      IIS: "Connection limits: Control Channel Timeout",
      Sallyport: "limits.idleMs",
    },
    here: {
      text: "Signs of life are sent while idle; how often can be told.",
      option: "keepAlive: { noopMs: 30_000 }",
    },
    reference: "RFC 1123 §4.1.3.2",
  },
  {
    id: "control-forgotten",
    title: "A box in between forgot the control connection",
    text:
      "A long transfer leaves the control connection silent, and a NAT or firewall in between forgets it: the data came, and the " +
      "server's last word about it did not.",
    clues: [
      {
        likelihood: "likely",
        codes: ["SALLYPORT_REPLY_TIMEOUT"],
        when: isAfterPreliminary,
      },
      {
        likelihood: "possible",
        codes: ["SALLYPORT_CONNECTION_LOST"],
        when: isAfterPreliminary,
      },
    ],
    fixedBy: ["network", "you"],
    settings: {
      ProFTPD: "SocketOptions keepalive on",
      Sallyport: "limits.idleMs says when the server itself gives up",
    },
    here: {
      text: "Ask for the status now and then during transfers; wait longer for the last word.",
      flag: "--timeout SECONDS",
      option: "keepAlive: { duringTransfer: true }, timeouts: { completion }",
    },
    reference: "RFC 5382 §5 (two hours, which few boxes keep)",
  },
  {
    id: "server-busy",
    title: "The server takes too long",
    text: "The server is slow to answer this command: it checks a password slowly on purpose, computes a checksum, or is overloaded.",
    clues: [{ likelihood: "possible", codes: ["SALLYPORT_REPLY_TIMEOUT"], when: ({ verb }) => verb !== undefined }],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "delay_failed_login, delay_successful_login",
      ProFTPD: "DelayTable (mod_delay), UseReverseDNS off",
    },
    here: { text: "Wait longer.", flag: "--timeout SECONDS", option: "timeouts.command" },
    reference: "RFC 959 §5.4",
  },
];

/** The login is behind it, and no reply explains the end. */
function isLateInTheDialogue(facts: FailureFacts): boolean {
  const { dialogue, circumstances, messages } = facts;
  const isIn = dialogue.some((line) => /^(?:230|211|226|200|PBSZ|PROT|FEAT|TYPE)\b/.test(line));
  return (
    isIn && circumstances.greeting !== undefined && !isAfterPreliminary(facts) && !/bad.record.type/i.test(messages)
  );
}
