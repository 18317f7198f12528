/** One bound on what a browser, or a server behind the gateway, can make it do; the unit is in the name. */
interface Bound {
  readonly value: number;
  readonly reason: string;
}

/** What bounds the gateway; nothing that a browser sends is without one. */
export const boundTable = {
  loginIdleMs: { value: 30 * 60_000, reason: "a login that nobody uses" },
  loginAgeMs: { value: 12 * 3_600_000, reason: "a login, however busy" },
  connectionsIdleMs: {
    value: 5 * 60_000,
    reason: "connections of a login that nothing needs; the next request opens them again",
  },
  loginsPerVisitor: { value: 16, reason: "logins of one browser" },
  loginsPerHost: { value: 256, reason: "logins of one address, those under way included" },
  loginsCount: { value: 10_000, reason: "logins of all browsers" },
  requestBytes: { value: 1024 * 1024, reason: "a JSON body" },
  requestBodyMs: { value: 20_000, reason: "a JSON body on its way" },
  httpConnectionsPerHost: {
    value: 256,
    reason: "connections of one address to the gateway, where no proxy stands before it",
  },
  httpConnectionsCount: { value: 4_096, reason: "connections to the gateway" },
  uploadStallMs: { value: 2 * 60_000, reason: "an upload of which nothing comes" },
  connectionsPerLogin: { value: 4, reason: "control connections of one login" },
  transfersPerLogin: { value: 8, reason: "transfers of one login at the same time" },
  transfersPerHost: { value: 128, reason: "transfers of all logins of one address at the same time" },
  transfersCount: { value: 512, reason: "transfers of all logins at the same time" },
  ticketsPerLogin: { value: 1_000, reason: "addresses of files of one login" },
  ticketBytesPerLogin: {
    value: 16 * 1024 ** 2,
    reason: "what addresses of files of one login take, of which a ZIP file's holds all its names",
  },
  ticketIdleMs: { value: 15 * 60_000, reason: "an address of a file, after it was last used" },
  listenersPerLogin: { value: 8, reason: "pages that watch one login" },
  eventsWaiting: { value: 1_000, reason: "events that wait for a slow page" },
  endsWaiting: { value: 1_000, reason: "beyond them, ends of transfers that a slow page is told of all the same" },
  eventsKept: { value: 400, reason: "events that a page gets which comes later" },
  transfersKept: { value: 200, reason: "downloads and copies of which a page that comes back learns how they ended" },
  entriesPerLine: { value: 200, reason: "entries in one line of a listing" },
  entriesPerListing: { value: 300_000, reason: "entries of one directory" },
  requestsPerMinute: { value: 3_000, reason: "requests of one address in a minute" },
  loginsPerMinute: { value: 20, reason: "attempts to log in by one address in a minute" },
  refusalsPerQuarter: { value: 10, reason: "refused logins at one server by one address in a quarter of an hour" },
  allRefusalsPerQuarter: { value: 30, reason: "refused logins at all servers by one address in a quarter of an hour" },
  targetLoginsPerMinute: {
    value: 120,
    reason: "attempts to log in at one server by all addresses together in a minute",
  },
  hostsPerHour: { value: 30, reason: "different servers by one address in an hour" },
  unreachableFloorMs: {
    value: 3_000,
    reason: "the least that an answer about a server which was not reached takes, for strangers",
  },
  explanationsPerHost: { value: 4, reason: "explanations that one address watches at the same time" },
  explanationsCount: { value: 64, reason: "explanations at the same time" },
  connectMs: { value: 15_000, reason: "a connection to a server" },
  pemLength: { value: 32 * 1024, reason: "a certificate or key of a person's own, in characters" },
  patienceSecondsMost: { value: 600, reason: "seconds of patience with a silent server that a person may wish for" },
  namesPerRequest: { value: 10_000, reason: "names in one request to copy or to pack" },
  searchSeen: { value: 500_000, reason: "entries that a search looks at" },
  searchFound: { value: 5_000, reason: "entries that a search finds" },
  searchMs: { value: 5 * 60_000, reason: "a search" },
  searchesPerLogin: { value: 2, reason: "searches of one login at the same time" },
  archiveEntries: { value: 100_000, reason: "entries of a ZIP file" },
  archiveBytes: { value: 1024 ** 4, reason: "octets of a ZIP file" },
  archiveNameBytes: {
    value: 16 * 1024 ** 2,
    reason: "characters in the names of a ZIP file, which are kept to its end",
  },
  archiveLeftOut: { value: 1_000, reason: "entries that a ZIP file names as left out; of more it says how many" },
  walkedBytes: {
    value: 32 * 1024 ** 2,
    reason: "what paths of directories take that a search or a ZIP file has yet to look into",
  },
  copiedBytes: { value: 32 * 1024 ** 2, reason: "what paths of entries take in one copy of a folder" },
  depth: { value: 100, reason: "directories below directories, in searches and ZIP files" },
  drainMs: { value: 2_000, reason: "what is read on from a refused upload, so that the browser reads the refusal" },
} as const satisfies Readonly<Record<string, Bound>>;

/** The values by name. */
export const bounds = Object.fromEntries(Object.entries(boundTable).map(([name, { value }]) => [name, value])) as {
  readonly [Name in keyof typeof boundTable]: number;
};
