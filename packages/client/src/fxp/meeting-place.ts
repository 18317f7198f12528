import { type DataEndpoint, isIpv4, PeerViolation } from "@sallyport/protocol";
import { judgeActiveEndpoint } from "@sallyport/transport";

/**
 * Throws where one server must not be sent to an endpoint of the other: to a port of another service, to an address that
 * means the server itself or its own network there, or to many hosts at once (RFC 2577 §3, S-06). That the address is
 * the other server's own was looked at before.
 *
 * @throws {PeerViolation} SALLYPORT_FXP_ADDRESS
 */
export function admitEndpoint(endpoint: DataEndpoint, connectorAddress: string): void {
  const { host, port } = endpoint;
  const verdict = judgeActiveEndpoint(
    { address: host, port },
    { controlPeerAddress: connectorAddress, admits: () => true },
  );
  const why = verdict === "allowed" ? strangeNetwork(host, connectorAddress) : verdictTexts[verdict];
  if (why === undefined) return;
  throw new PeerViolation("SALLYPORT_FXP_ADDRESS", `The other server is not sent to ${host} port ${port}: ${why}`);
}

const verdictTexts = {
  "not-an-address": "that is no address",
  "low-port": "ports below 1024 belong to other services",
  "third-party": "that is another host",
  "not-a-host": "for that server it is another host than for this one",
} as const;

/** A private address means another host in another network. */
function strangeNetwork(host: string, connectorAddress: string): string | undefined {
  return isPrivate(host) && !isPrivate(connectorAddress) ? verdictTexts["not-a-host"] : undefined;
}

/** RFC 1918, RFC 6598, RFC 4193, and this machine. */
function isPrivate(address: string): boolean {
  return isIpv4(address)
    ? /^(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(address)
    : /^(?:f[cd]|::1$)/i.test(address);
}
