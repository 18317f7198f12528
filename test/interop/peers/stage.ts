import type { TestServer } from "@sallyport/testing";
import type { ServerEvent } from "@sallyport/server";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Operation, Perform, Task } from "./client.ts";
import type { Outcome } from "./program.ts";
import { portOf, type Variant } from "./servers.ts";

/** The same on both sides: some clients know no other way. */
const fileName = "remote.bin";
const closingMs = 3_000;

/** A place on both sides for one run of a client, and what the server told since. */
export class Stage implements AsyncDisposable {
  readonly task: Task;
  readonly remoteFile: string;
  readonly #server: TestServer;
  readonly #since: number;
  readonly #remoteFolder: string;

  static async set(operation: Operation, variant: Variant, server: TestServer, presentBytes = 0): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), "sallyport-client-"));
    const stage = new Stage({ operation, presentBytes, directory }, variant, server);
    await mkdir(stage.#remoteFolder);
    return stage;
  }

  private constructor(
    given: Pick<Task, "operation" | "presentBytes" | "directory">,
    variant: Variant,
    server: TestServer,
  ) {
    const folder = `papers-${randomBytes(4).toString("hex")}`;
    this.task = {
      ...given,
      ...{ mode: variant.mode, host: variant.address, port: portOf(server, variant.mode) },
      ...{ user: "alice", password: "secret", caFile: server.identity.caFile },
      ...{ folder, remote: fileName, local: join(given.directory, fileName) },
    };
    this.#server = server;
    this.#since = server.events.length;
    this.#remoteFolder = join(server.directory, folder);
    this.remoteFile = join(this.#remoteFolder, fileName);
  }

  get events(): readonly ServerEvent[] {
    return this.#server.events.slice(this.#since);
  }

  /** Lets the client act and checks what came of it; a failure tells both sides' story. */
  async play(act: Perform, check: (outcome: Outcome) => Promise<void>): Promise<void> {
    let outcome: Outcome | undefined;
    try {
      outcome = await act(this.task);
      await this.#allClosed();
      await check(outcome);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${message}\n${account(outcome, this.events)}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.task.directory, { recursive: true, force: true });
    await rm(this.#remoteFolder, { recursive: true, force: true });
  }

  /** Waits until the server has seen the client go: no connection may outlive its client. */
  async #allClosed(): Promise<void> {
    const deadline = Date.now() + closingMs;
    const count = (kind: ServerEvent["kind"]): number => this.events.filter((event) => event.kind === kind).length;
    while (count("connection-opened") > count("connection-closed")) {
      assert.ok(Date.now() < deadline, "the client is gone and the server holds its control connection");
      await sleep(5);
    }
  }
}

/** What a person needs to understand a failure: both sides of it. */
function account(outcome: Outcome | undefined, events: readonly ServerEvent[]): string {
  const lines = events.map((event) => {
    const { atMs: _at, kind, ...rest } = event;
    return kind === "command" || kind === "reply" ? `  ${kind} ${event.line}` : `  ${kind} ${JSON.stringify(rest)}`;
  });
  const client =
    outcome === undefined ? [] : [`exit ${outcome.code ?? outcome.signal}`, outcome.stdout, outcome.stderr];
  return [...client, "the server:", ...lines].join("\n");
}
