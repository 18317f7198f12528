import { userInfo } from "node:os";
import { type LimitValues, octetsFromText, UsageError } from "@sallyport/protocol";
import { dataPathHooks, directDialer, type Dialer, proxyDialer } from "@sallyport/transport";
import { Client } from "./client.ts";
import { ConnectionOpener, serverKeyOf } from "./connection/connection-opener.ts";
import { asksForGssapi, wishWithGssapi } from "./connection/gssapi-plan.ts";
import { ServerClock } from "./listing/server-clock.ts";
import { autoNames, parseAutoEncoding } from "./names/auto-names.ts";
import { nameCodec } from "./names/name-codec.ts";
import { type ClientOptions, limitsOf } from "./options.ts";
import { ConnectionPool } from "./pool/connection-pool.ts";
import { KnownServer } from "./profile/known-server.ts";
import { type FtpUrl, isUrlFailure, parseFtpUrl } from "./url/ftp-url.ts";

/**
 * Connects to a server and logs in; the client closes with `await using` or {@link Client.close}.
 *
 * `url` is `ftp://`, `ftpes://` or `ftps://`, or a bare `user@host`; all of them mean TLS, which is verified, until
 * `security: "plain"` says otherwise.
 *
 * Rejects with UsageError for URLs and options that cannot be; TransportError where the server is not reached; TlsError
 * where it is not trusted; PeerIncompatible where it offers no TLS, or no GSSAPI where that is wanted;
 * SecurityMechanismError where there is no ticket for it; CommandRefused `SALLYPORT_LOGIN_REFUSED`; and with
 * the signal's reason.
 */
export async function connect(url: string, options: ClientOptions = {}): Promise<Client> {
  const parsed = parseFtpUrl(url);
  if (isUrlFailure(parsed)) throw new UsageError("SALLYPORT_URL_INVALID", parsed.failure);
  const limits = limitsOf(options);
  const opener = await openerOf(parsed, options, limits);
  const { known } = opener;
  const pool = new ConnectionPool({ limits, known, open: (signal) => opener.open(signal) });
  const { encoding = "auto", timeZone = "auto" } = options;
  const clock = new ServerClock(timeZone, known);
  const auto = parseAutoEncoding(encoding);
  const announcesUtf8 = (): boolean => pool.latest?.features.has("UTF8") ?? false;
  const names = auto === undefined ? nameCodec(encoding) : autoNames({ ...auto, known, announcesUtf8 });
  const user = userOf(parsed, options);
  const { path } = parsed;
  const { limitRate } = options;
  const client = new Client({ pool, opener, limits, names, clock, path, user, limitRate });
  try {
    // What has to be known before octets move is found out while the server answers.
    const [lease] = await Promise.all([pool.lease({ signal: options.signal }), dataPathHooks({ sendFile: false })]);
    lease[Symbol.dispose]();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function openerOf(url: FtpUrl, options: ClientOptions, limits: LimitValues): Promise<ConnectionOpener> {
  if (options.proxy !== undefined && options.data?.mode === "active") {
    throw new UsageError("SALLYPORT_ACTIVE_THROUGH_PROXY", "A server cannot open data connections through a proxy");
  }
  const user = userOf(url, options);
  const password = options.password ?? url.password ?? (user === "anonymous" ? "anonymous@" : undefined);
  const wish = wishWithGssapi({ security: options.security ?? url.security, port: url.port }, options);
  // What was said in clear may have been said by anybody.
  const isClear = wish.security === "plain" || options.clearControl === true;
  const profiles = isClear ? undefined : options.profiles;
  return new ConnectionOpener({
    host: url.host,
    wish,
    known: await KnownServer.load(profiles, serverKeyOf(url.host, wish)),
    credentials: {
      user: octetsFromText(user),
      ...(password === undefined ? {} : { password: octetsFromText(password) }),
      ...(options.account === undefined ? {} : { account: octetsFromText(options.account) }),
      ...(options.insteadOfUser && { insteadOfUser: octetsFromText(options.insteadOfUser) }),
    },
    limits,
    dialer: dialerOf(options.proxy),
    options,
  });
}

function userOf(url: FtpUrl, options: ClientOptions): string {
  return options.user ?? url.user ?? (asksForGssapi(options) ? userInfo().username : "anonymous");
}

function dialerOf(proxy: ClientOptions["proxy"]): Dialer {
  if (proxy === undefined) return directDialer();
  return typeof proxy === "string" || proxy instanceof URL ? proxyDialer(proxy) : proxy;
}
