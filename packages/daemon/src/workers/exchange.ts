import type { Socket } from "node:net";

/** What one side can be asked or told: each name with the one argument that it takes and what it answers. */
export type Calls<Contract> = {
  readonly [Name in keyof Contract]: (argument: never) => unknown;
};

/** How a side carries out what it is asked; a socket may come along. */
export type Handlers<Contract extends Calls<Contract>> = {
  readonly [Name in keyof Contract]: (
    argument: Parameters<Contract[Name]>[0],
    socket: Socket | undefined,
  ) => ReturnType<Contract[Name]> | Promise<Awaited<ReturnType<Contract[Name]>>>;
};

/** The end of a channel to another process; `process` of a forked child and its ChildProcess both fit. */
export interface Port {
  send(message: Message, socket?: Socket, done?: (error: Error | null) => void): void;
}

type Message =
  | { readonly kind: "ask"; readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly kind: "tell"; readonly name: string; readonly argument: unknown }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly cause: string }
  | { readonly kind: "several"; readonly messages: readonly Message[] };

/**
 * One side of a conversation between two processes of ours: it asks and tells the other, whose contract is `Theirs`,
 * and carries out its own. What is sent arrives in order.
 *
 * What is said in one turn of the event loop leaves together at its end: each message costs a system call and wakes the
 * other process, about 0.1 ms of a login that needs a dozen.
 */
export class Exchange<Mine extends Calls<Mine>, Theirs extends Calls<Theirs>> {
  readonly #port: Port;
  readonly #handlers: Handlers<Mine>;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #unsent: Unsent[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #lastId = 0;
  #closed: Error | undefined;

  constructor(port: Port, handlers: Handlers<Mine>) {
    this.#port = port;
    this.#handlers = handlers;
  }

  /** Asks and waits for the answer; rejects where the other side failed, or has ended. */
  async ask<Name extends keyof Theirs & string>(
    name: Name,
    argument: Parameters<Theirs[Name]>[0],
  ): Promise<Awaited<ReturnType<Theirs[Name]>>> {
    if (this.#closed !== undefined) throw this.#closed;
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#asked.set(id, answer);
    this.#send({ kind: "ask", id, name, argument });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract of the other side says so
    return (await answer.promise) as Awaited<ReturnType<Theirs[Name]>>;
  }

  /** Tells, and does not wait. `done` hears when it is sent, or that it cannot be any more. */
  tell<Name extends keyof Theirs & string>(
    name: Name,
    argument: Parameters<Theirs[Name]>[0],
    socket?: Socket,
    done?: (error: Error | null) => void,
  ): void {
    if (this.#closed === undefined) this.#send({ kind: "tell", name, argument }, socket, done);
    else done?.(this.#closed);
  }

  /** Takes a message that came over the channel; what comes after the end is nobody's any more. */
  receive(message: unknown, socket?: Socket): void {
    if (this.#closed !== undefined) return void socket?.destroy();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else has the other end
    const received = message as Message;
    switch (received.kind) {
      case "ask":
        return void this.#answer(received.id, received.name, received.argument);
      case "tell":
        return void this.#carryOut(received.name, received.argument, socket).catch(() => socket?.destroy());
      case "answer":
        return this.#take(received.id)?.resolve(received.value);
      case "failure":
        return this.#take(received.id)?.reject(new Error(received.cause));
      case "several":
        for (const one of received.messages) this.receive(one);
    }
  }

  /** Sends now what would leave at the end of this turn. */
  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const unsent = this.#unsent;
    const [first, ...others] = unsent;
    if (first === undefined) return;
    this.#unsent = [];
    const whole: Message =
      others.length === 0 ? first.message : { kind: "several", messages: unsent.map(({ message }) => message) };
    this.#port.send(whole, undefined, (error) => unsent.forEach(({ done }) => done?.(error)));
  }

  /** Nothing comes or goes any more; who waits for an answer gets the cause. */
  close(cause: Error): void {
    this.#closed ??= cause;
    clearImmediate(this.#flushing);
    for (const { done } of this.#unsent.splice(0)) done?.(cause);
    for (const [id] of this.#asked) this.#take(id)?.reject(cause);
  }

  async #answer(id: number, name: string, argument: unknown): Promise<void> {
    try {
      this.#send({ kind: "answer", id, value: await this.#carryOut(name, argument, undefined) });
    } catch (error) {
      this.#send({ kind: "failure", id, cause: error instanceof Error ? error.message : String(error) });
    }
  }

  async #carryOut(name: string, argument: unknown, socket: Socket | undefined): Promise<unknown> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- names and arguments are those of the contract
    const handler = this.#handlers[name as keyof Mine] as (argument: unknown, socket: Socket | undefined) => unknown;
    return handler(argument, socket);
  }

  #send(message: Message, socket?: Socket, done?: (error: Error | null) => void): void {
    if (this.#closed !== undefined) return done?.(this.#closed);
    if (socket === undefined) {
      this.#unsent.push({ message, done });
      this.#flushing ??= setImmediate(() => this.flush());
      return;
    }
    this.flush();
    // A channel that breaks is told by the end of the process.
    this.#port.send(message, socket, done ?? (() => undefined));
  }

  #take(id: number): PromiseWithResolvers<unknown> | undefined {
    const waiting = this.#asked.get(id);
    this.#asked.delete(id);
    return waiting;
  }
}

interface Unsent {
  readonly message: Message;
  readonly done: ((error: Error | null) => void) | undefined;
}
