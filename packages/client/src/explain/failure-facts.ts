import {
  displayOctets,
  isSallyportError,
  type Octets,
  parsePassiveReply,
  type ReceivedReply,
} from "@sallyport/protocol";
import type { Clue, FailureCircumstances, FailureFacts } from "./explanation.ts";
import { detectProduct } from "./server-product.ts";

/** Takes an error apart; undefined for one that is not ours. What lies deeper than `depthMax` causes, and
 * texts beyond `textMax`, are left out. */
export function failureFacts(error: unknown, given: Partial<FailureCircumstances>): FailureFacts | undefined {
  const chain = causesOf(error);
  const ours = chain.filter((one) => isSallyportError(one));
  const [first] = ours;
  if (first === undefined) return undefined;
  const { command, reply, transcript, circumstances } = dialogueFacts(ours);
  const known = { ...circumstances, ...given };
  const text = command === undefined ? undefined : displayOctets(command);
  const dialogue = (transcript ?? []).map((line) => line.text.slice(0, textMax));
  const replyLines = (reply?.lines ?? []).map((line, at) => (at === 0 ? `${reply?.code} ${line}` : line));
  return {
    code: first.code,
    codes: chain.map(codeOf).filter((code) => code !== ""),
    messages: chain.map((one) => `${codeOf(one)} ${one.message.slice(0, textMax)}`).join("\n"),
    verb: text === undefined ? undefined : /^\w+/.exec(text)?.[0]?.toUpperCase(),
    command: text,
    replyCode: reply?.code,
    replyText: displayOctets((reply?.lines ?? []).join(" ").slice(0, textMax) as Octets).trim(),
    dialogue,
    circumstances: known,
    product: detectProduct([...(known.greeting ?? []), ...dialogue, ...replyLines, ...quoted(ours)]),
  };
}

/** Whether all that a clue names is so. */
export function fits(clue: Clue, facts: FailureFacts): boolean {
  const { codes, replies, says, verbs, error, when } = clue;
  return (
    (codes === undefined || codes.some((code) => facts.codes.includes(code))) &&
    (replies === undefined || (facts.replyCode !== undefined && replies.includes(facts.replyCode))) &&
    (says === undefined || says.test(facts.replyText)) &&
    (verbs === undefined || (facts.verb !== undefined && verbs.includes(facts.verb))) &&
    (error === undefined || error.test(facts.messages)) &&
    (when === undefined || when(facts))
  );
}

/** The address that the last reply 227 named, where it is not the server's. */
export function foreignAddress({ dialogue, circumstances: { peerAddress } }: FailureFacts): string | undefined {
  const reply = dialogue.findLast((line) => line.startsWith("227"));
  const host = reply === undefined ? undefined : parsePassiveReply(reply)?.host;
  return host === peerAddress ? undefined : host;
}

/** Whether the last that was heard is that a transfer begins. */
export function isAfterPreliminary({ dialogue }: FailureFacts): boolean {
  return /^1\d\d/.test(dialogue.at(-1) ?? "");
}

interface DialogueFacts {
  readonly command?: Octets;
  readonly reply?: ReceivedReply;
  readonly transcript?: readonly { readonly text: string }[];
  readonly circumstances?: FailureCircumstances;
}

/** What messages quote of the server. */
function quoted(errors: readonly Error[]): readonly string[] {
  return errors.flatMap(({ message }) => /\("(.+)"\)/.exec(message)?.[1] ?? []);
}

/** Of the first error of a dialogue; those around it may have words of their own for its reply. */
function dialogueFacts(errors: readonly Error[]): DialogueFacts {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- errors of a dialogue carry its facts
  return (errors.find((error) => "circumstances" in error || "transcript" in error) ?? {}) as DialogueFacts;
}

const depthMax = 8;

/** What is looked at of a text, which a server may make long. */
const textMax = 1_000;

function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let one = error; one instanceof Error && chain.length < depthMax; one = one.cause) chain.push(one);
  return chain;
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
