import {
  decodeBase64,
  type EnvelopeRefusal,
  innerCommand,
  type MessageLevel,
  type Octets,
  type PeerInput,
} from "@sallyport/protocol";
import { type MessageSecurity, SecurityMechanismError } from "@sallyport/transport";

/** A command line that carries another in a message of the security mechanism. */
export interface CommandEnvelope {
  readonly verb: MessageLevel | "CONF";
  /** The message in base64. */
  readonly text: string;
}

/** MIC, ENC or CONF with what they carry; undefined for every other line. */
export function commandEnvelope(line: Octets): CommandEnvelope | undefined {
  const [, verb, text] = /^(MIC|ENC|CONF) +(\S*) *$/i.exec(line) ?? [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pattern names the three
  return verb === undefined ? undefined : { verb: verb.toUpperCase() as CommandEnvelope["verb"], text: text ?? "" };
}

/** What came of opening: input for the server-PI, or why there can be none. */
export type OpenedEnvelope =
  | PeerInput
  | { readonly kind: "expired" }
  | { readonly kind: "failed"; readonly error: unknown };

/** Opens an envelope (R-2228-09): the line inside with its level, or the refusal. Never rejects. */
export async function openEnvelope(
  security: MessageSecurity,
  { verb, text }: CommandEnvelope,
): Promise<OpenedEnvelope> {
  if (verb === "CONF") return refused("not-offered");
  const token = text === "" ? undefined : decodeBase64(text);
  if (token === undefined) return refused("not-base64");
  try {
    const { octets, confidential } = await security.open(token);
    if (verb === "ENC" && !confidential) return refused("rejected");
    const line = innerCommand(octets);
    return line === undefined ? refused("not-one-line") : { kind: "line", line, level: verb };
  } catch (error) {
    const fault = error instanceof SecurityMechanismError ? error.fault : "failed";
    if (fault === "context-expired") return { kind: "expired" };
    return fault === "unavailable" ? { kind: "failed", error } : refused("rejected");
  }
}

function refused(refusal: EnvelopeRefusal): PeerInput {
  return { kind: "envelope-refused", refusal };
}
