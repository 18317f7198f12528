import type { Features, ReceivedReply } from "@sallyport/protocol";
import { productOf } from "./product.ts";
import type { ProfileStore } from "./profile-file.ts";
import {
  type FactName,
  factOf,
  learnFact,
  newProfile,
  type ServerFacts,
  serverFingerprint,
  type ServerProfile,
} from "./server-profile.ts";

/**
 * What one client knows of its server: what earlier runs learned, as long as the server says the same of itself, and
 * what this one learns. Shared by all its control connections, which ask here before they probe.
 *
 * No fact loosens what the options demand: where one is wrong, something fails and is learned anew, or is slower.
 */
export class KnownServer {
  readonly #store: ProfileStore | undefined;
  readonly #key: string;
  #remembered: ServerProfile | undefined;
  #learnt: ServerProfile = newProfile("");
  #isChanged = false;

  /** Without a store nothing is known at the start, and nothing is kept. */
  constructor(store?: ProfileStore, key = "", remembered?: ServerProfile) {
    this.#store = store;
    this.#key = key;
    this.#remembered = remembered;
  }

  /**
   * Reads what a store holds of a server, `host:port`. A store that cannot be read must keep nobody from a server, so
   * then nothing is known.
   */
  static async load(store: ProfileStore | undefined, key: string): Promise<KnownServer> {
    const remembered = await store?.find(key).catch(() => undefined);
    return new KnownServer(store, key, remembered);
  }

  /** A fact that may still be relied on; undefined for what has to be probed. */
  fact<Name extends FactName>(name: Name): ServerFacts[Name] | undefined {
    const nowMs = Date.now();
    return factOf(this.#learnt, name, nowMs) ?? factOf(this.#remembered, name, nowMs);
  }

  /**
   * Takes a fact, with the line or figure that showed it. Only what came inside TLS may be told here where the options
   * demand TLS: what anybody on the way could have said is no evidence.
   */
  learn<Name extends FactName>(name: Name, value: ServerFacts[Name], evidence: string): void {
    const nowMs = Date.now();
    if (this.#isFresh(name, value, nowMs)) return;
    this.#learnt = learnFact(this.#learnt, name, value, { evidence, nowMs });
    this.#isChanged = true;
  }

  /** Tells who was met; what is remembered of another server, or of another version of this one, counts no more. */
  meet(greeting: ReceivedReply, features: Features): void {
    const fingerprint = serverFingerprint(greeting.lines, features);
    if (this.#remembered?.fingerprint !== fingerprint) this.#remembered = undefined;
    this.#learnt = { ...this.#learnt, fingerprint };
    const product = productOf(greeting);
    if (product !== undefined) this.learn("product", product, greeting.lines.join(" "));
  }

  /** All that is known, with its evidence. */
  get profile(): ServerProfile {
    return { ...this.#learnt, facts: { ...this.#remembered?.facts, ...this.#learnt.facts } };
  }

  /** Writes down what was learned since the last time. Never rejects: what is not kept is learned again. */
  async save(): Promise<void> {
    const { fingerprint, facts } = this.#learnt;
    if (!this.#isChanged || fingerprint === "") return;
    this.#isChanged = false;
    const change = (known: ServerProfile): ServerProfile => ({ ...known, facts: { ...known.facts, ...facts } });
    await this.#store?.learn(this.#key, fingerprint, change).catch(() => {});
  }

  /** Known, and seen not long ago: nothing new to write. */
  #isFresh<Name extends FactName>(name: Name, value: ServerFacts[Name], nowMs: number): boolean {
    const fact = this.#learnt.facts[name] ?? this.#remembered?.facts[name];
    if (fact === undefined || nowMs - fact.learnedMs > refreshMs) return false;
    return fact.value === value || JSON.stringify(fact.value) === JSON.stringify(value);
  }
}

/** Facts that are seen again are dated anew once a day. */
const refreshMs = 86_400_000;
