import { type LimitValues, ReplyDecoder, type ReplyEvent } from "@sallyport/protocol";

/** Decodes replies and shows each to an observer before it is acted upon. */
export class ReplyTap extends ReplyDecoder {
  readonly #onReply: (reply: Extract<ReplyEvent, { kind: "reply" }>) => void;

  constructor(limits: LimitValues, onReply: (reply: Extract<ReplyEvent, { kind: "reply" }>) => void) {
    super(limits);
    this.#onReply = onReply;
  }

  override push(input: Uint8Array): ReplyEvent[] {
    const events = super.push(input);
    for (const event of events) if (event.kind === "reply") this.#onReply(event);
    return events;
  }
}
