import type { UserPiEvent } from "@sallyport/protocol";
import { type DataMove, DataTask, type DataTaskOptions, type Mover } from "./data-task.ts";
import { type Meeting, MeetingPart } from "./meeting.ts";

/** How the octets of a transfer move, and the data connection that moved them. */
export interface DataJob {
  readonly mover: Mover;
  task?: DataTask;
}

type DataEvent = Extract<UserPiEvent, { kind: "data-connected" | "data-listening" | "data-ended" }>;

/** The data connections of one control connection, by the numbers that the user-PI gives them. */
export class DataParts {
  readonly #options: Omit<DataTaskOptions, "onConnected" | "onListening" | "onEnded">;
  readonly #tell: (event: DataEvent) => void;
  readonly #parts = new Map<number, DataTask | MeetingPart>();

  constructor(
    options: Omit<DataTaskOptions, "onConnected" | "onListening" | "onEnded">,
    tell: (event: DataEvent) => void,
  ) {
    this.#options = options;
    this.#tell = tell;
  }

  /** A new one; with a `meeting` it is one between two servers, of which nothing comes here. */
  begin(connection: number, meeting: Meeting | undefined): DataTask | MeetingPart {
    const part = meeting === undefined ? this.#task(connection) : this.#meetingPart(connection, meeting);
    this.#parts.set(connection, part);
    return part;
  }

  move(connection: number, job: DataJob | undefined, transfer: DataMove): void {
    const part = this.#parts.get(connection);
    if (part instanceof MeetingPart) return part.move();
    if (part === undefined || job === undefined) return;
    job.task = part;
    part.move(job.mover, transfer);
  }

  breakOff(connection: number): void {
    this.#parts.get(connection)?.breakOff();
    this.#parts.delete(connection);
  }

  breakOffAll(): void {
    for (const connection of this.#parts.keys()) this.breakOff(connection);
  }

  #task(connection: number): DataTask {
    return new DataTask({
      ...this.#options,
      onConnected: () => this.#tell({ kind: "data-connected", connection }),
      onListening: (endpoint) => this.#tell({ kind: "data-listening", connection, endpoint }),
      onEnded: (outcome, cause) => {
        this.#parts.delete(connection);
        this.#tell({ kind: "data-ended", connection, outcome, cause });
      },
    });
  }

  #meetingPart(connection: number, meeting: Meeting): MeetingPart {
    // One at a time; nothing tells of its end.
    for (const [earlier, part] of this.#parts) if (part instanceof MeetingPart) this.#parts.delete(earlier);
    return meeting.part({
      onConnected: () => this.#tell({ kind: "data-connected", connection }),
      onListening: (endpoint) => this.#tell({ kind: "data-listening", connection, endpoint }),
      onFailed: (cause) => this.#tell({ kind: "data-ended", connection, outcome: "failed", cause }),
    });
  }
}
