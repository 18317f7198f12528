import { type LimitValues, octetsFromText, UsageError, type UserPiPolicy } from "@sallyport/protocol";
import { ClientTls, dataPathHooks, directDialer, type Dialer, proxyDialer } from "@sallyport/transport";
import { Client } from "./client.ts";
import { ClientConnection, type ConnectionTarget } from "./connection/client-connection.ts";
import { type ClientOptions, limitsOf } from "./options.ts";
import { ConnectionPool } from "./pool/connection-pool.ts";
import { type FtpUrl, isUrlFailure, parseFtpUrl } from "./url/ftp-url.ts";

/**
 * Connects to a server and logs in; the client closes with `await using` or {@link Client.close}.
 *
 * `url` is `ftp://`, `ftpes://` or `ftps://`, or a bare `user@host`; all of them mean TLS, which is verified, until
 * `security: "plain"` says otherwise.
 *
 * Rejects with UsageError for URLs and options that cannot be; TransportError where the server is not reached; TlsError
 * where it is not trusted; PeerIncompatible where it offers no TLS; CommandRefused `SALLYPORT_LOGIN_REFUSED`; and with
 * the signal's reason.
 */
export async function connect(url: string, options: ClientOptions = {}): Promise<Client> {
  const parsed = parseFtpUrl(url);
  if (isUrlFailure(parsed)) throw new UsageError("SALLYPORT_URL_INVALID", parsed.failure);
  const limits = limitsOf(options);
  const opener = await connectionOpener(parsed, options, limits);
  const pool = new ConnectionPool({ limits, open: opener });
  const { encoding = "auto", serverOffsetMinutes } = options;
  const client = new Client({ pool, limits, encoding, serverOffsetMinutes, path: parsed.path });
  try {
    using _ = await pool.lease({ signal: options.signal });
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** How each control connection of a client is opened. */
async function connectionOpener(
  url: FtpUrl,
  options: ClientOptions,
  limits: LimitValues,
): Promise<(signal: AbortSignal | undefined) => Promise<ClientConnection>> {
  const security = securityOf(url, options);
  const target: ConnectionTarget = { host: url.host, port: url.port ?? (security === "implicit" ? 990 : 21) };
  const dialer = dialerOf(options.proxy);
  if (options.proxy !== undefined && options.data?.mode === "active") {
    throw new UsageError("SALLYPORT_ACTIVE_THROUGH_PROXY", "A server cannot open data connections through a proxy");
  }
  const policy = policyOf(security, options, limits);
  const user = options.user ?? url.user ?? "anonymous";
  const password = options.password ?? url.password ?? (user === "anonymous" ? "anonymous@" : undefined);
  const credentials = {
    user: octetsFromText(user),
    ...(password === undefined ? {} : { password: octetsFromText(password) }),
    ...(options.account === undefined ? {} : { account: octetsFromText(options.account) }),
  };
  await dataPathHooks();
  let memory: { readonly passive: "EPSV" | "PASV" } | undefined;
  return async (signal) =>
    ClientConnection.open(target, {
      policy,
      credentials,
      limits,
      dialer,
      proxied: options.proxy !== undefined,
      security: security === "plain" ? undefined : await clientTls(target, options),
      activePorts: options.data?.ports,
      asksDuringTransfer: options.keepAlive?.duringTransfer ?? false,
      memory,
      onRemember: (learnt) => (memory = learnt),
      onTranscript: options.onTranscript,
      signal,
    });
}

function securityOf(url: FtpUrl, { security = url.security }: ClientOptions): UserPiPolicy["security"] {
  if (security !== "auto") return security;
  return url.port === 990 ? "implicit" : "explicit";
}

function policyOf(security: UserPiPolicy["security"], options: ClientOptions, limits: LimitValues): UserPiPolicy {
  return {
    security,
    mechanisms: options.authOrder ?? ["TLS", "SSL"],
    dataProtection: options.dataProtection ?? "P",
    dataSetup: options.data?.mode ?? "passive",
    passiveAddress: options.data?.passiveAddress ?? "control",
    pipelinedMax: 1,
    limits,
  };
}

function dialerOf(proxy: ClientOptions["proxy"]): Dialer {
  if (proxy === undefined) return directDialer();
  return typeof proxy === "string" || proxy instanceof URL ? proxyDialer(proxy) : proxy;
}

function clientTls(target: ConnectionTarget, { tls = {} }: ClientOptions): Promise<ClientTls> {
  const { ca, pins, tofu, verify, insecure, ...offer } = tls;
  return ClientTls.create({
    ...offer,
    ...target,
    trust: {
      ...(ca === undefined ? {} : { ca }),
      ...(pins && { pins }),
      ...(tofu && { tofu }),
      ...(verify && { verify }),
      ...(insecure === undefined ? {} : { insecure }),
    },
  });
}
