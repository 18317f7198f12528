import { type Client, type ClientOptions, connect, factOf } from "@sallyport/client";
import { displayOctets, type TranscriptLine } from "@sallyport/protocol";
import type { SecurityMechanism } from "@sallyport/transport";
import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import type { LoginJson, LoginRequest, TlsJson } from "../../api/api.ts";
import type { GatewayOffer } from "../../api/wishes.ts";
import { bounds } from "../bounds.ts";
import { GatewayRefusal, peerCertificateJson } from "../problem.ts";
import { pinnedDialer } from "../targets/pinned-dialer.ts";
import type { TargetPolicy } from "../targets/target-policy.ts";
import type { Shares } from "../shares.ts";
import { EventStream } from "./event-stream.ts";
import { seal, unseal } from "./seal.ts";
import { optionsOf, tlsOptionsOf } from "./wishes.ts";
import { Transfers } from "./transfers.ts";

/** What a gateway gives every login. */
export interface LoginGround {
  readonly policy: TargetPolicy;
  /** PEM of those who are trusted; undefined for the system's. */
  readonly authorities: readonly string[] | undefined;
  readonly offer: GatewayOffer;
  /** Whose ticket may be used, where the offer says so. */
  readonly kerberos?: SecurityMechanism | undefined;
  /** Of all browsers. */
  readonly logins: Shares;
  readonly transfers: Shares;
}

/** Who wants to log in. */
export interface LoginAsker {
  /** The address of the browser, whose share it counts to. */
  readonly host: string;
  /** Tells that nobody waits for it any more. */
  readonly left?: AbortSignal | undefined;
}

/**
 * A browser's login at one server. The password is kept encrypted, with a key that only the browser has, and is in clear
 * as long as connections are open: these are closed when nothing needs them, and opened again when something does.
 */
export class Login implements AsyncDisposable {
  readonly id = randomBytes(16).toString("base64url");
  readonly events = new EventStream();
  readonly transfers: Transfers;
  readonly createdMs = Date.now();
  readonly #ground: LoginGround;
  readonly #share: Disposable;
  #sealed: Buffer;
  #client: Promise<Client> | undefined;
  #facts: LoginJson | undefined;
  #usedMs = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** Connects and logs in, unless the browser has left. Rejects as `connect` of the client does. */
  static async open(
    request: LoginRequest,
    key: Buffer,
    ground: LoginGround,
    { host, left }: LoginAsker,
  ): Promise<Login> {
    const login = new Login(request, key, ground, host);
    try {
      await login.client(key, left);
      left?.throwIfAborted();
      return login;
    } catch (error) {
      await login[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(request: LoginRequest, key: Buffer, ground: LoginGround, host: string) {
    this.#ground = ground;
    this.#share = ground.logins.begin(host);
    this.transfers = new Transfers(this.events, () => ground.transfers.begin(host));
    this.#sealed = seal(JSON.stringify(request), key, this.id);
  }

  get usedMs(): number {
    return this.transfers.count > 0 ? Date.now() : this.#usedMs;
  }

  /** What the page shows of it, once it has been open. */
  get facts(): LoginJson {
    if (this.#facts === undefined) throw new Error("a login has facts once it is open");
    return { ...this.#facts, usedAt: new Date(this.usedMs).toISOString() };
  }

  /**
   * The client of this login, whose connections are opened again where they were closed. Rejects with GatewayRefusal
   * `SALLYPORT_SIGNED_OUT` once the login has ended: whatever is still under way opens nothing any more.
   */
  async client(key: Buffer, left?: AbortSignal): Promise<Client> {
    if (this.#isOver) throw signedOut();
    this.#usedMs = Date.now();
    this.#rest();
    const client = await (this.#client ??= this.#connect(key, left).catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    }));
    if (this.#isOver) throw signedOut();
    this.#note(client);
    return client;
  }

  /** Moves the secret from one key of the browser to its next one; false where the first is another browser's. */
  rekey(from: Buffer, to: Buffer): boolean {
    const text = unseal(this.#sealed, from, this.id);
    if (text === undefined) return false;
    this.#sealed = seal(text, to, this.id);
    return true;
  }

  /** Closes the connections; the login itself stays until it is forgotten. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#disconnect();
    this.#share[Symbol.dispose]();
  }

  async #connect(key: Buffer, signal: AbortSignal | undefined): Promise<Client> {
    const text = unseal(this.#sealed, key, this.id);
    if (text === undefined) throw signedOut();
    const request = JSON.parse(text) as LoginRequest;
    const client = await connect(request.address, { ...this.#options(request), ...(signal && { signal }) });
    try {
      await this.#learn(client, request);
      return client;
    } catch (error) {
      await client.close().catch(() => {});
      throw error;
    }
  }

  #options({ user, password, security, pin, wishes = {} }: LoginRequest): ClientOptions {
    const { authorities, policy, offer, kerberos } = this.#ground;
    return {
      proxy: pinnedDialer({ policy }),
      ...optionsOf(wishes, offer),
      ...(wishes.kerberos === true && kerberos && { gssapi: { mechanism: kerberos } }),
      user: userOf({ user, wishes }),
      ...(password !== "" && { password }),
      ...(security !== "auto" && { security }),
      ...(security !== "plain" && {
        tls: {
          ...(authorities && { ca: authorities }),
          ...tlsOptionsOf(wishes),
          ...(pin !== undefined && { pins: [pin] }),
        },
      }),
      onTranscript: (line) => this.#tell(line),
    };
  }

  #tell({ direction, text }: TranscriptLine): void {
    this.events.tell({ kind: "transcript", atMs: Date.now(), direction, text });
  }

  async #learn(client: Client, request: LoginRequest): Promise<void> {
    const { server } = client;
    const home = await client.workingDirectory();
    const { path } = client;
    const [greeting] = client.greeting?.lines ?? [];
    this.#facts = {
      id: this.id,
      host: server?.host ?? "",
      port: server?.port ?? 0,
      user: userOf(request),
      security: (server?.security ?? "plain") as LoginJson["security"],
      ...(client.gssapi && { kerberos: client.gssapi.peerName }),
      path: path.startsWith("/") ? path : `${home === "/" ? "" : (home ?? "")}/${path}`,
      greeting: greeting === undefined ? "" : displayOctets(greeting).slice(0, 200),
      features: [...client.features.keys()],
      createdAt: new Date(this.createdMs).toISOString(),
      usedAt: new Date(this.#usedMs).toISOString(),
    };
    this.#note(client);
  }

  /** Keeps up with what the latest data connection has shown. */
  #note(client: Client): void {
    const tls = tlsOf(client);
    if (this.#facts === undefined || tls === undefined) return;
    const isNews = tls.dataResumed !== this.#facts.tls?.dataResumed;
    this.#facts = { ...this.#facts, tls };
    if (isNews) this.events.tell({ kind: "login", login: this.facts });
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.transfers.count > 0) return this.#rest();
      void this.#disconnect();
    }, bounds.connectionsIdleMs).unref();
  }

  async #disconnect(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    await client?.close().catch(() => {});
  }
}

function signedOut(): GatewayRefusal {
  return new GatewayRefusal(401, "SALLYPORT_SIGNED_OUT", "This login is over: sign in again");
}

/** By a ticket, whoever runs the gateway logs in where nobody is named. */
function userOf({ user, wishes }: Pick<LoginRequest, "user" | "wishes">): string {
  return user !== "" ? user : wishes?.kerberos === true ? userInfo().username : "anonymous";
}

function tlsOf(client: Client): TlsJson | undefined {
  const { tls } = client;
  if (tls === undefined) return undefined;
  const resumption = factOf(client.profile, "dataResumption", Date.now());
  return {
    protocol: tls.protocol,
    suite: tls.suite,
    ...(tls.group !== undefined && { group: tls.group }),
    trustedBy: tls.trustedBy,
    certificate: peerCertificateJson(tls.certificate),
    ...(resumption !== undefined && { dataResumed: resumption === "accepted" }),
  };
}
