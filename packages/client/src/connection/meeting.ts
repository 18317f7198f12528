import type { DataEndpoint } from "@sallyport/protocol";

/** What one of the two user-PIs is to be told. */
export interface MeetingEvents {
  readonly onConnected: () => void;
  readonly onListening: (endpoint: DataEndpoint) => void;
  readonly onFailed: (cause: unknown) => void;
}

/**
 * Brings two control connections together whose servers move a file between them: the endpoint at which the one listens
 * comes to the other, and the news that it was told comes back. No octet of the file passes here.
 */
export class Meeting {
  readonly #admit: (endpoint: DataEndpoint) => void;
  readonly #place = Promise.withResolvers<DataEndpoint>();
  readonly #told = Promise.withResolvers<void>();
  readonly #begun = Promise.withResolvers<void>();
  #beginsLeft = 2;

  /** `admit` throws where the server that connects must not be sent to an endpoint. */
  constructor(admit: (endpoint: DataEndpoint) => void) {
    this.#admit = admit;
    for (const { promise } of [this.#place, this.#told, this.#begun]) promise.catch(() => {});
  }

  /** Settles when both servers have said that they begin. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** The part of one control connection. */
  part(events: MeetingEvents): MeetingPart {
    const { onConnected, onListening, onFailed } = events;
    return new MeetingPart({
      offer: (endpoint) => {
        try {
          this.#admit(endpoint);
        } catch (cause) {
          this.#breakOff(cause);
          return onFailed(cause);
        }
        this.#place.resolve(endpoint);
        this.#told.promise.then(onConnected, onFailed);
      },
      seek: () => void this.#place.promise.then(onListening, onFailed),
      told: () => this.#told.resolve(),
      breakOff: () => this.#breakOff(undefined),
    });
  }

  /** One of the servers has said that it begins. */
  begin(): void {
    if (--this.#beginsLeft === 0) this.#begun.resolve();
  }

  #breakOff(cause: unknown): void {
    for (const { reject } of [this.#place, this.#told, this.#begun]) reject(cause);
  }
}

interface MeetingActions {
  readonly offer: (endpoint: DataEndpoint) => void;
  readonly seek: () => void;
  readonly told: () => void;
  readonly breakOff: () => void;
}

/** Stands where the data connection would be if it came here. */
export class MeetingPart {
  readonly #actions: MeetingActions;

  constructor(actions: MeetingActions) {
    this.#actions = actions;
  }

  /** The server listens there: the other one is to connect. */
  connect(endpoint: DataEndpoint): void {
    this.#actions.offer(endpoint);
  }

  /** The server is to connect: waits for where the other one listens. */
  listen(): void {
    this.#actions.seek();
  }

  /** The server was told all that it has to know. */
  move(): void {
    this.#actions.told();
  }

  /** Whoever still waits for the other waits in vain. */
  breakOff(): void {
    this.#actions.breakOff();
  }
}
