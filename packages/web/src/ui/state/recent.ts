import type { Security } from "../../api/api.ts";

/** A server that was connected to from this browser; never its password. */
export interface RecentServer {
  readonly address: string;
  readonly security: Security;
  readonly user: string;
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

export function rememberServer(server: RecentServer): void {
  const others = recentServers().filter(({ address, user }) => address !== server.address || user !== server.user);
  try {
    localStorage.setItem(storageKey, JSON.stringify([server, ...others].slice(0, kept)));
  } catch {
    // Without storage nothing is remembered.
  }
}

function isRecent(value: unknown): value is RecentServer {
  if (typeof value !== "object" || value === null) return false;
  const { address, security, user } = value as Record<string, unknown>;
  return typeof address === "string" && typeof security === "string" && typeof user === "string";
}
