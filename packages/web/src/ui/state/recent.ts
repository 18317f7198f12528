import type { Security } from "../../api/api.ts";
import type { ConnectionWishes } from "../../api/wishes.ts";

/** A server that was connected to from this browser; never its password. */
export interface RecentServer {
  readonly address: string;
  readonly security: Security;
  readonly user: string;
  readonly wishes?: ConnectionWishes | undefined;
}

const storageKey = "sallyport-recent";
const kept = 8;

export function recentServers(): readonly RecentServer[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(storageKey) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => isRecent(each)).slice(0, kept) : [];
  } catch {
    return [];
  }
}

/** Whether a wish is remembered: none that is a secret, or leads to one. */
const isRemembered: Readonly<Record<keyof ConnectionWishes, boolean>> = {
  virtualHost: true,
  account: false,
  insteadOfUser: true,
  afterLogin: true,
  minVersion: true,
  maxVersion: true,
  servername: true,
  resumption: true,
  groups: true,
  authority: false,
  certificate: false,
  key: false,
  passphrase: false,
  dataProtection: true,
  clearControl: true,
  kerberos: true,
  authFirst: true,
  proxy: false,
  encoding: true,
  timeZone: true,
  compression: true,
  connections: true,
  limitRate: true,
  patienceSeconds: true,
};

/** The latest comes first. What may be a secret of its wishes is left out. */
export function rememberServer(server: RecentServer): void {
  const given = Object.entries(server.wishes ?? {});
  const wishes = Object.fromEntries(given.filter(([name]) => isRemembered[name as keyof ConnectionWishes]));
  const { address, security, user } = server;
  const shown = { address, security, user, ...(Object.keys(wishes).length > 0 && { wishes }) };
  write([shown, ...without(server)].slice(0, kept));
}

export function forgetServer(server: RecentServer): readonly RecentServer[] {
  const others = without(server);
  write(others);
  return others;
}

function without(server: RecentServer): readonly RecentServer[] {
  return recentServers().filter(({ address, user }) => address !== server.address || user !== server.user);
}

function write(servers: readonly RecentServer[]): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(servers));
  } catch {
    // Without storage nothing is remembered.
  }
}

function isRecent(value: unknown): value is RecentServer {
  if (typeof value !== "object" || value === null) return false;
  const { address, security, user, wishes } = value as Record<string, unknown>;
  if (wishes !== undefined && (typeof wishes !== "object" || wishes === null)) return false;
  return typeof address === "string" && typeof security === "string" && typeof user === "string";
}
