import type { SecurityContextFacts } from "@sallyport/transport";
import { GssFailure } from "../native/failures.ts";
import { flags, type Gss, type Handle, indefinite, type NativeStep } from "../native/gss.ts";
import { encodeOpened, encodeStep, type Operation, type Question } from "../questions.ts";

/** What there is of one context. Handles that are 0n have been released, or were never there. */
interface NativeContext {
  readonly role: "acceptor" | "initiator";
  readonly delegates: boolean;
  context: Handle;
  /** The acceptor's. */
  credential: Handle;
  /** The initiator's. */
  target: Handle;
  state: "fresh" | "exchanging" | "complete" | "failed";
}

const nothing = new Uint8Array();

/** Answers questions about contexts, which have numbers outside and handles inside this process. */
export class NativeContexts {
  readonly #gss: Gss;
  readonly #service: string | undefined;
  readonly #contexts = new Map<number, NativeContext>();

  /** @param service the one that acceptors stand for; default: any in the keytab. */
  constructor(gss: Gss, service: string | undefined) {
    this.#gss = gss;
    this.#service = service;
  }

  /** @throws {GssFailure} */
  answer(question: Question): Uint8Array {
    return this.#answers[question.operation](question);
  }

  readonly #answers: Readonly<Record<Operation, (question: Question) => Uint8Array>> = {
    hello: ({ flag }) => {
      if (flag) this.#gss.releaseCredential(this.#keytab());
      return nothing;
    },
    accept: ({ context }) => this.#begin(context, { role: "acceptor", credential: this.#keytab() }),
    initiate: ({ context, octets, flag }) => {
      const target = this.#gss.importService(Buffer.from(octets).toString());
      return this.#begin(context, { role: "initiator", target, delegates: flag });
    },
    step: ({ context, octets }) => this.#step(this.#find(context), octets),
    export: ({ context }) => {
      const octets = this.#gss.exportContext(this.#complete(context));
      const ended = this.#find(context);
      ended.context = 0n;
      this.#release(context);
      return octets;
    },
    import: ({ context, octets }) => {
      const handle = this.#gss.importContext(octets);
      return this.#begin(context, { role: "initiator", context: handle, state: "complete" });
    },
    wrap: ({ context, octets, flag }) => this.#gss.wrap(this.#complete(context), octets, flag),
    unwrap: ({ context, octets }) => encodeOpened(this.#gss.unwrap(this.#complete(context), octets)),
    wrapSizeLimit: ({ context, octets, flag }) => {
      const tokenBytesMax = Buffer.from(octets).readUInt32BE(0);
      const answer = Buffer.alloc(4);
      answer.writeUInt32BE(this.#gss.wrapSizeLimit(this.#complete(context), tokenBytesMax, flag));
      return answer;
    },
    release: ({ context }) => {
      this.#release(context);
      return nothing;
    },
  };

  #keytab(): Handle {
    try {
      return this.#gss.acquireAcceptor(this.#service);
    } catch (error) {
      throw error instanceof GssFailure ? new GssFailure("unavailable", error.message) : error;
    }
  }

  #begin(number: number, given: Partial<NativeContext> & Pick<NativeContext, "role">): Uint8Array {
    this.#release(number);
    const blank = { delegates: false, context: 0n, credential: 0n, target: 0n, state: "fresh" } as const;
    this.#contexts.set(number, { ...blank, ...given });
    return nothing;
  }

  #find(number: number): NativeContext {
    const found = this.#contexts.get(number);
    if (found === undefined) throw new GssFailure("failed", "The context has been released");
    return found;
  }

  #complete(number: number): Handle {
    const { context, state } = this.#find(number);
    if (state !== "complete") throw new GssFailure("failed", "The context is not complete");
    return context;
  }

  #step(context: NativeContext, token: Uint8Array): Uint8Array {
    if (context.state === "complete" || context.state === "failed") {
      throw new GssFailure("failed", "The exchange of tokens is over");
    }
    const isFirst = context.state === "fresh";
    // Until the library says otherwise: it deletes what it cannot go on with.
    context.state = "failed";
    const handle = context.context;
    context.context = 0n;
    const step =
      context.role === "acceptor"
        ? this.#accept(context, handle, token)
        : this.#initiate(context, handle, isFirst ? undefined : token);
    context.context = step.context;
    context.state = step.isComplete ? "complete" : "exchanging";
    try {
      return encodeStep(step.token, step.isComplete ? this.#facts(context.role, step) : undefined);
    } finally {
      this.#gss.releaseName(step.peer);
    }
  }

  #accept({ credential }: NativeContext, handle: Handle, token: Uint8Array): NativeStep {
    return this.#gss.accept(handle, credential, token);
  }

  #initiate({ target, delegates }: NativeContext, handle: Handle, token: Uint8Array | undefined): NativeStep {
    const wanted = flags.mutual | flags.replay | flags.sequence | flags.confidential | flags.integrity;
    return this.#gss.initiate(handle, target, wanted | (delegates ? flags.delegate : 0), token);
  }

  #facts(role: NativeContext["role"], step: NativeStep): SecurityContextFacts {
    const isAcceptor = role === "acceptor";
    return {
      peerName: isAcceptor ? this.#gss.displayName(step.peer) : this.#gss.acceptorName(step.context),
      localName: isAcceptor ? this.#gss.localName(step.peer) : undefined,
      integrity: (step.flags & flags.integrity) !== 0,
      confidentiality: (step.flags & flags.confidential) !== 0,
      // Either makes MIT's library look for duplicates; its own FTP client asks for the first alone.
      detectsReplays: (step.flags & (flags.replay | flags.sequence)) !== 0,
      expiresAtMs: step.lifetimeSeconds === indefinite ? undefined : Date.now() + step.lifetimeSeconds * 1000,
    };
  }

  #release(number: number): void {
    const found = this.#contexts.get(number);
    if (found === undefined) return;
    this.#contexts.delete(number);
    this.#gss.deleteContext(found.context);
    this.#gss.releaseCredential(found.credential);
    this.#gss.releaseName(found.target);
  }
}
