import { z } from "@hono/zod-openapi";
import { X509Certificate } from "node:crypto";
import type { ClientOptions, TlsWishes } from "@sallyport/client";
import type { ConnectionWishes, GatewayOffer } from "../../api/wishes.ts";
import { bounds } from "../bounds.ts";
import { GatewayRefusal } from "../problem.ts";
import { line } from "../text-line.ts";

/** What a browser may send. */
export const connectionWishes = z
  .object({
    virtualHost: line(253).optional(),
    account: line(256).optional(),
    insteadOfUser: line(512).optional(),
    afterLogin: z.array(line(512)).max(16).readonly().optional(),
    minVersion: z.enum(["TLSv1.2", "TLSv1.3"]).optional(),
    maxVersion: z.enum(["TLSv1.2", "TLSv1.3"]).optional(),
    servername: line(253).optional(),
    resumption: z.enum(["prefer", "require", "off"]).optional(),
    groups: z.enum(["default", "small"]).optional(),
    authority: z.string().max(bounds.pemLength).refine(hasCertificates, "no certificate in PEM").optional(),
    certificate: z.string().max(bounds.pemLength).optional(),
    key: z.string().max(bounds.pemLength).optional(),
    passphrase: z.string().max(1024).optional(),
    dataProtection: z.enum(["P", "C"]).optional(),
    clearControl: z.boolean().optional(),
    kerberos: z.boolean().optional(),
    authFirst: z.enum(["TLS", "SSL"]).optional(),
    proxy: z
      .string()
      .max(512)
      .regex(/^(?:socks5h?|socks4a|http):\/\/[^\s]+$/)
      .optional(),
    encoding: line(64).optional(),
    timeZone: line(64).optional(),
    compression: z.enum(["off", "auto", "on"]).optional(),
    connections: z.int().min(1).max(bounds.connectionsPerLogin).optional(),
    limitRate: z.int().min(1024).optional(),
    patienceSeconds: z.int().min(1).max(bounds.patienceSecondsMost).optional(),
  })
  .openapi("ConnectionWishes") satisfies z.ZodType<ConnectionWishes>;

/**
 * The client's options for what was wished.
 *
 * @throws {GatewayRefusal} SALLYPORT_WISH_REFUSED for what this gateway does not offer
 */
export function optionsOf(wishes: ConnectionWishes, offer: GatewayOffer): ClientOptions {
  if (wishes.proxy !== undefined && !offer.proxies) throw refused("This gateway goes through no proxy");
  if (wishes.kerberos === true && offer.kerberos !== true)
    throw refused("This gateway lends nobody its Kerberos ticket");
  if ((wishes.certificate === undefined) !== (wishes.key === undefined)) {
    throw new GatewayRefusal(400, "SALLYPORT_REQUEST_INVALID", "A certificate and its key belong together");
  }
  const { connections, patienceSeconds, authFirst } = wishes;
  const plain = ["virtualHost", "account", "insteadOfUser", "afterLogin", "dataProtection", "clearControl"] as const;
  const ofTransfers = ["proxy", "encoding", "timeZone", "compression", "limitRate"] as const;
  const patienceMs = (patienceSeconds ?? 0) * 1000;
  return {
    ...given(wishes, [...plain, ...ofTransfers]),
    ...(authFirst === "SSL" && wishes.kerberos !== true && { authOrder: ["SSL", "TLS"] as const }),
    // A person who waits asks again sooner than a program would.
    retry: { attempts: 1 },
    pool: { max: connections ?? bounds.connectionsPerLogin },
    timeouts: {
      connect: patienceMs === 0 ? bounds.connectMs : Math.min(patienceMs, bounds.connectMs),
      ...(patienceMs > 0 && {
        greeting: patienceMs,
        command: patienceMs,
        dataIdle: patienceMs,
        completion: patienceMs,
      }),
    },
  };
}

export function tlsOptionsOf(wishes: ConnectionWishes): TlsWishes {
  const {
    certificate,
    authority: ca,
    ...rest
  } = given(wishes, [
    ...(["minVersion", "maxVersion", "servername", "resumption", "groups"] as const),
    ...(["certificate", "key", "passphrase", "authority"] as const),
  ]);
  return { ...rest, ...(certificate !== undefined && { cert: certificate }), ...(ca !== undefined && { ca }) };
}

/** OpenSSL passes over what it cannot read, and would trust nobody then. */
function hasCertificates(pem: string): boolean {
  const found = pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
  try {
    return found.length > 0 && found.every((each) => new X509Certificate(each).raw.length > 0);
  } catch {
    return false;
  }
}

/** Those that have a value. */
function given<Key extends keyof ConnectionWishes>(
  wishes: ConnectionWishes,
  keys: readonly Key[],
): { [Name in Key]?: Exclude<ConnectionWishes[Name], undefined> } {
  const found = keys.filter((key) => wishes[key] !== undefined && wishes[key] !== "");
  return Object.fromEntries(found.map((key) => [key, wishes[key]])) as {
    [Name in Key]?: Exclude<ConnectionWishes[Name], undefined>;
  };
}

function refused(message: string): GatewayRefusal {
  return new GatewayRefusal(403, "SALLYPORT_WISH_REFUSED", message);
}
