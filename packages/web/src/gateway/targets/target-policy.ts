import { normaliseAddress } from "@sallyport/protocol";
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { GatewayRefusal } from "../problem.ts";
import { kindOfAddress } from "./forbidden-addresses.ts";

export interface TargetRules {
  /** The gateway serves this machine alone, whose people reach its servers anyway. */
  readonly allowsLoopback: boolean;
  readonly allowsPrivate: boolean;
  /** Targets that may be reached wherever they are: `host`, `*.domain`, an address or a network, each with `:port` or not. */
  readonly allowed: readonly string[];
  /** Whether nothing else may be. */
  readonly onlyAllowed: boolean;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Decides which servers the gateway connects to. */
export class TargetPolicy {
  readonly #rules: TargetRules;
  readonly #patterns: readonly TargetPattern[];

  /** @throws {GatewayRefusal} SALLYPORT_TARGET_PATTERN for a pattern that is none. */
  constructor(rules: TargetRules) {
    this.#rules = rules;
    this.#patterns = rules.allowed.map((text) => parsePattern(text));
  }

  /** Whether an address that a target's name led to may be connected to. */
  permits({ host, port }: Target, address: string): boolean {
    if (this.#patterns.some((pattern) => pattern.matches(host, address, port))) return true;
    if (this.#rules.onlyAllowed) return false;
    const kind = isOwnAddress(address) ? "private" : kindOfAddress(address);
    if (kind === "public") return true;
    if (kind === "loopback") return this.#rules.allowsLoopback;
    return kind === "private" && this.#rules.allowsPrivate;
  }
}

/** A public address of this machine leads behind its own firewall, however it is written. */
export function isOwnAddress(address: string, own: readonly string[] = ownAddresses()): boolean {
  const canonical = normaliseAddress(address);
  return kindOfAddress(address) !== "loopback" && own.some((each) => normaliseAddress(each) === canonical);
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map((each) => each.address) ?? []);
}

interface TargetPattern {
  matches(host: string, address: string, port: number): boolean;
}

function parsePattern(text: string): TargetPattern {
  const [, bracketed, bare, portText] =
    /^(?:\[([^\]]+)\]|([^:[\]]+|[\da-f:.]*:[\da-f:.]*(?:\/\d+)?))(?::(\d+))?$/i.exec(text) ?? [];
  const name = bracketed ?? bare;
  if (name === undefined || name === "") {
    throw new GatewayRefusal(400, "SALLYPORT_TARGET_PATTERN", `${text} is no host, address or network`);
  }
  const port = portText === undefined ? undefined : Number(portText);
  const isPlace = placeOf(name.toLowerCase());
  return {
    matches: (host, address, asked) => (port === undefined || port === asked) && isPlace(host.toLowerCase(), address),
  };
}

type IsPlace = (host: string, address: string) => boolean;

function placeOf(name: string): IsPlace {
  const [network = "", bits] = name.split("/");
  const family = isIP(network);
  if (family !== 0) {
    const list = new BlockList();
    list.addSubnet(
      network,
      bits === undefined ? (family === 6 ? 128 : 32) : Number(bits),
      family === 6 ? "ipv6" : "ipv4",
    );
    return (_, address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  if (name.startsWith("*.")) return (host) => host.endsWith(name.slice(1));
  return (host) => host === name;
}
