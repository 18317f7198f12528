/** One bound on what a peer can make us do: every buffer, queue, list and wait has a row here. */
export interface Limit {
  readonly value: number;
  readonly unit: "bytes" | "ms" | "count" | "ratio";
  readonly reason: string;
}

function limit(value: number, unit: Limit["unit"], reason: string): Limit {
  return { value, unit, reason };
}

/** The defaults; servers take overrides by name. */
export const limits = {
  commandLineBytes: limit(8192, "bytes", "a command with the longest path, doubled IAC and margin (S-14)"),
  securityLineBytes: limit(131_072, "bytes", "ADAT, MIC, ENC and CONF carry whole tokens (R-2228-13)"),
  commandLineMs: limit(60_000, "ms", "a line dripped byte by byte ends here (S-14)"),
  commandQueueCount: limit(64, "count", "pipelined commands kept before reading stops (S-15)"),
  replyBacklogBytes: limit(262_144, "bytes", "replies that the peer does not read (S-15)"),
  telnetRepliesCount: limit(64, "count", "refusals sent to Telnet negotiation on one connection (S-14)"),
  unknownVerbsCount: limit(10, "count", "unknown verbs before the connection is closed (S-04)"),
  preLoginMs: limit(60_000, "ms", "from accept to a finished login (S-15)"),
  handshakeMs: limit(10_000, "ms", "one TLS handshake (R-TLS-38)"),
  clientHelloBytes: limit(65_536, "bytes", "bytes read while waiting for a whole ClientHello"),
  idleMs: limit(300_000, "ms", "no command and no transfer (R-1123-09)"),
  dataConnectMs: limit(30_000, "ms", "from the reply with the port to the data connection (R-DATA-01)"),
  dataStallMs: limit(60_000, "ms", "no octet moved in a transfer (R-DATA-06)"),
  closeNotifyMs: limit(2_000, "ms", "waiting for a peer's close_notify after ours"),
  lingerMs: limit(2_000, "ms", "a control connection that was told good-bye"),
  securityExchangesCount: limit(50, "count", "AUTH, CCC and REIN cycles on one connection (R-4217-45)"),
  loginFailuresCount: limit(5, "count", "wrong passwords on one connection (S-13)"),
  passwordBytes: limit(1024, "bytes", "longest password that is hashed"),
  connectionsCount: limit(2000, "count", "control connections to one server"),
  connectionsPerHostCount: limit(50, "count", "control connections from one address (S-15)"),
  listOptionsDepthCount: limit(16, "count", "directory levels of a recursive listing (S-18)"),
  listEntriesCount: limit(200_000, "count", "entries of one recursive or STAT listing (S-18)"),
  globWildcardsCount: limit(16, "count", "wildcards in one pattern (S-17)"),
  statReplyBytes: limit(1_048_576, "bytes", "a listing on the control connection (S-18)"),
  inflateRatio: limit(200, "ratio", "MODE Z and C output for each octet of input, past the first MiB (S-24)"),
  asciiSizeBytes: limit(67_108_864, "bytes", "a file that is read to find its size or an offset in TYPE A (R-3659-04)"),
  hashWorkersCount: limit(2, "count", "HASH and X-digest requests computed at once (S-18)"),
  hashQueueCount: limit(16, "count", "HASH and X-digest requests waiting (S-18)"),
  uploadDigestQueueCount: limit(256, "count", "continued uploads waiting to be read for the digest of their event"),
  hashBytes: limit(1_099_511_627_776, "bytes", "longest range hashed at once (S-18)"),
  restartMarkerBytes: limit(255, "bytes", "a MODE B or C restart marker"),
  passwordQueueCount: limit(512, "count", "password checks waiting, about ten seconds of two cores (S-13)"),
  passwordWaitMs: limit(20_000, "ms", "a password check that waited longer is given up, for its peer may be gone"),
  argon2MemoryBytes: limit(134_217_728, "bytes", "memory that an imported argon2id hash may ask for"),
  argon2WorkBytes: limit(
    8_589_934_592,
    "bytes",
    "memory times passes of an imported argon2id hash; pure-pw writes 8 MiB times 1023",
  ),
  bcryptCostCount: limit(14, "count", "cost of an imported bcrypt hash, a power of two"),
  shaCryptRoundsCount: limit(1_000_000, "count", "rounds of an imported $5$ or $6$ hash; passlib writes 656,000"),
  accountNameBytes: limit(64, "bytes", "name of an account"),
  accountRulesCount: limit(256, "count", "path permissions of one account"),
  accountCertificatesCount: limit(64, "count", "client certificates mapped to one account"),
  uploadSettleMs: limit(100, "ms", "longest wait for the end of a control connection that ends with its data"),
  handshakeMessageBytes: limit(
    131_072,
    "bytes",
    "one handshake message that the dissector joins; OpenSSL takes certificate lists up to 100 KiB",
  ),
  handshakeRecordsCount: limit(256, "count", "records that one dissected handshake message may be spread over"),
  passiveListenersCount: limit(512, "count", "passive listening sockets of one worker"),
  passiveSpareCount: limit(64, "count", "rested passive ports kept to draw from, so that none can be guessed (S-07)"),
  passiveRestMs: limit(500, "ms", "a released passive port is left alone while late connections may be on their way"),
  dataBufferBytes: limit(268_435_456, "bytes", "transfer buffers of one worker; past it transfers get small ones"),
  proxyHeaderBytes: limit(4_096, "bytes", "a PROXY protocol header with its TLVs"),
  proxyHeaderMs: limit(3_000, "ms", "from accept to a whole PROXY protocol header"),
  interruptedUploadMs: limit(86_400_000, "ms", "an interrupted upload is kept for its owner to continue"),
  symbolicLinksCount: limit(40, "count", "symbolic links followed in one path, as Linux does (S-21)"),
  ticketLifetimeMs: limit(
    604_800_000,
    "ms",
    "a TLS ticket resumes, the longest that TLS 1.3 allows: a client that never renews must not be refused in the middle " +
      "of its work; the keys end with the control connection (R-TLS-33, RFC 8446 §4.6.1)",
  ),
  sessionIdsCount: limit(4, "count", "TLS 1.2 states kept for a client that resumes by session ID without tickets"),
  loginDelayMs: limit(2_000, "ms", "before the reply to a wrong password; doubles with each further one (S-13)"),
  loginDelayMaxMs: limit(10_000, "ms", "longest delay of a reply to a wrong password (RFC 2577 §5 proposes 5 s)"),
  loginWindowMs: limit(600_000, "ms", "wrong passwords are counted this long (S-13)"),
  loginFailuresPerHostCount: limit(20, "count", "wrong passwords from one address before it is banned (S-13)"),
  loginBanMs: limit(900_000, "ms", "first ban of an address; doubles with each further one"),
  loginBanMaxMs: limit(86_400_000, "ms", "longest ban of an address"),
  loginFailuresPerNameCount: limit(20, "count", "wrong passwords for one name before strangers have to queue (S-13)"),
  loginIntervalMs: limit(1_000, "ms", "between two attempts of strangers on a name that is under attack"),
  loginWaitMs: limit(15_000, "ms", "longest wait of a stranger's attempt on a name that is under attack"),
  loginTrustMs: limit(2_592_000_000, "ms", "an address where a name logged in is no stranger to it this long"),
  throttledHostsCount: limit(32_768, "count", "addresses whose wrong passwords and bans are remembered"),
  throttledNamesCount: limit(16_384, "count", "names whose wrong passwords and known addresses are remembered"),
  replyLineBytes: limit(262_144, "bytes", "one line of a reply that is kept; facts and 63x tokens are long (R-959-09)"),
  replyBytes: limit(4_194_304, "bytes", "one reply that is kept; what is beyond is read and dropped (R-959-09)"),
  explainedBytes: limit(1_048_576, "bytes", "what a server may send on one connection that is explained"),
  requestQueueCount: limit(1_024, "count", "requests that wait for the client's control connection"),
  preliminaryRepliesCount: limit(
    1_024,
    "count",
    "replies 1yz to one command; MODE B and C bring a 110 for each marker",
  ),
  dialogueTailCount: limit(20, "count", "last lines of the dialogue that a client's error carries"),
  featuresCount: limit(512, "count", "lines of a FEAT reply that a client keeps"),
  adminConnectionsCount: limit(8, "count", "administrators who ask the running server at once"),
  adminLineBytes: limit(65_536, "bytes", "one question to the running server"),
  adminAnswerBytes: limit(16_777_216, "bytes", "one answer of the running server; a connection takes about 500"),
  adminWaitMs: limit(10_000, "ms", "from a question to the running server to the end of its answer"),
  notifyOutboxCount: limit(100_000, "count", "notifications that wait for receivers; past it the oldest are dropped"),
  notifyOutboxBytes: limit(268_435_456, "bytes", "documents that wait for receivers; past it the oldest are dropped"),
  notifyIntakeCount: limit(8_192, "count", "notifications in memory while the disk takes none"),
  notifyInFlightCount: limit(4, "count", "notifications on their way to one receiver"),
  notifyRetryMs: limit(1_000, "ms", "before the second attempt to notify; doubles with each further one"),
  notifyRetryMaxMs: limit(900_000, "ms", "longest wait between two attempts to notify"),
  notifyRetryAfterMaxMs: limit(3_600_000, "ms", "longest wait that a receiver may ask for by Retry-After"),
  notifyAgeMs: limit(86_400_000, "ms", "a notification is tried for this long"),
  notifyHoldMs: limit(3_600_000, "ms", "a notification waits for the digest of a continued upload"),
  notifyProgramMs: limit(300_000, "ms", "one run of a program that is notified"),
  notifyKillMs: limit(5_000, "ms", "from SIGTERM to SIGKILL for such a program"),
  notifyOutputBytes: limit(4_096, "bytes", "output of such a program that is kept for the log"),
  notifyWebhookMs: limit(30_000, "ms", "one call of a webhook"),
  notifyAnswerBytes: limit(65_536, "bytes", "answer of a webhook that is read"),
  logRefusalsPerHostCount: limit(20, "count", "lines about refused commands and connections of one address"),
  logRefusalsCount: limit(1_000, "count", "lines about refused commands and connections in all"),
  logRefusalsMs: limit(60_000, "ms", "after which such lines are counted anew"),
  storageCallMs: limit(
    30_000,
    "ms",
    "a file call on a mount that hangs; the thread that made it is lost until it answers",
  ),
  replyStallMs: limit(30_000, "ms", "a peer that sends commands and reads no reply (S-15)"),
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limits;

/** Limit values by name, as used at run time. */
export type LimitValues = Readonly<Record<LimitName, number>>;

/** The default values with overrides applied. */
export function limitValues(overrides: Partial<LimitValues> = {}): LimitValues {
  const values = Object.entries(limits).map(([name, row]) => [name, row.value]);
  return { ...(Object.fromEntries(values) as LimitValues), ...overrides };
}
