/** What bounds the gateway; nothing that a browser sends is without one. */
export const bounds = {
  /** A login is forgotten when nobody has used it for so long. */
  loginIdleMs: 30 * 60_000,
  /** However busy, a login is forgotten after so long. */
  loginAgeMs: 12 * 3_600_000,
  /** The connections of a login are closed when nothing needs them for so long; the next request opens them again. */
  connectionsIdleMs: 5 * 60_000,
  loginsPerVisitor: 16,
  visitorsCount: 10_000,
  /** A JSON body. */
  requestBytes: 1024 * 1024,
  /** Control connections of one login. */
  connectionsPerLogin: 4,
  transfersPerLogin: 8,
  /** Of all logins together. */
  transfersCount: 512,
  ticketsPerLogin: 1_000,
  /** A download or upload address is good for so long after it was last used. */
  ticketIdleMs: 15 * 60_000,
  listenersPerLogin: 8,
  /** Events that wait for a slow page. */
  eventsWaiting: 1_000,
  /** Events that a page gets which comes later. */
  eventsKept: 400,
  entriesPerLine: 200,
  /** Of one directory. */
  entriesPerListing: 300_000,
  requestsPerMinute: 3_000,
  /** Attempts to log in, by one address. */
  loginsPerMinute: 20,
  /** Refused logins at one server, by one address, in a quarter of an hour. */
  refusalsPerQuarter: 10,
  /** Refused logins at all servers together, by one address, in a quarter of an hour. */
  allRefusalsPerQuarter: 30,
  /** Attempts to log in at one server, by all addresses together. */
  targetLoginsPerMinute: 120,
  /** Different servers, by one address, in an hour. */
  hostsPerHour: 30,
  /** No answer about a server that was not reached comes earlier than this, for strangers. */
  unreachableFloorMs: 3_000,
  connectMs: 15_000,
  /** A certificate or key of a person's own. */
  pemLength: 32 * 1024,
  patienceSecondsMost: 600,
  /** Names in one request to copy or to pack. */
  namesPerRequest: 10_000,
  /** Entries that a search looks at, finds, and how long it takes. */
  searchSeen: 500_000,
  searchFound: 5_000,
  searchMs: 5 * 60_000,
  searchesPerLogin: 2,
  /** What a ZIP file has at most. */
  archiveEntries: 100_000,
  archiveBytes: 1024 ** 4,
  /** Directories below directories, in searches and ZIP files. */
  depth: 100,
  /** What is read on from a refused upload, so that the browser reads the refusal. */
  drainMs: 2_000,
} as const;
