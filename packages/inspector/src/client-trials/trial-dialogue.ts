import type * as net from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContext } from "node:tls";
import {
  contentTypes,
  displayOctets,
  limits,
  maskCommandLine,
  octetsFromBytes,
  type Octets,
} from "@sallyport/protocol";
import { TlsEnd } from "./tls-end.ts";
import { listenForData, trialFile, type DataListener } from "./trial-data.ts";
import type { ControlFacts, DataFacts, HeardLine, TrialScript } from "./trial.ts";

/** What a control connection needs of its server. */
export interface TrialGround {
  readonly script: TrialScript;
  readonly contexts: { readonly control: SecureContext; readonly data: SecureContext };
  /** Whether an earlier connection of this trial was closed behind 234. */
  readonly isComingBack: boolean;
}

/** One control connection of a client under trial: answers as the script says, and notes what the client does. */
export class TrialDialogue {
  readonly #end: TlsEnd;
  readonly #tcp: net.Socket;
  readonly #ground: TrialGround;
  readonly #heard: HeardLine[] = [];
  readonly #data: DataFacts[] = [];
  readonly closed: Promise<void>;
  #stream: Duplex;
  #layer: HeardLine["layer"] = "clear";
  #pending: Octets = "" as Octets;
  #agreed: Pick<ControlFacts, "protocol" | "suite"> | undefined;
  #hasFailed = false;
  #hasReplied = false;
  #earlyCommandsCount = 0;
  #isHeld = false;
  #protection: "C" | "P" = "C";
  #listener: DataListener | undefined;
  #restartOffset = 0;
  #replies: Promise<void> = Promise.resolve();

  constructor(tcp: net.Socket, ground: TrialGround) {
    this.#tcp = tcp;
    this.#ground = ground;
    this.#end = new TlsEnd(tcp);
    this.#stream = this.#end.tap;
    this.closed = new Promise((resolve) => void this.#end.tap.once("close", resolve));
    void this.closed.then(() => this.#listener?.close());
    tcp.setTimeout(limits.handshakeMs.value * 3, () => tcp.destroy());
    const { mode, isImplicitClear } = ground.script;
    if (mode === "implicit" && isImplicitClear !== true) void this.#secure();
    else this.#speak("220 Sallyport client trial");
  }

  /** What was seen so far. */
  get facts(): ControlFacts {
    const { hello, alert, ending } = this.#end;
    return {
      heard: this.#heard,
      hello,
      handshake: this.#agreed ? "finished" : this.#hasFailed ? "failed" : "none",
      refusal: this.#hasFailed ? (alert ?? "it closed the connection") : undefined,
      protocol: this.#agreed?.protocol,
      suite: this.#agreed?.suite,
      earlyCommandsCount: this.#earlyCommandsCount,
      ending,
      data: this.#data,
    };
  }

  destroy(): void {
    this.#tcp.destroy();
  }

  #speak(greeting?: string): void {
    this.#stream.on("error", () => {}).on("data", this.#onData);
    if (greeting !== undefined) this.#say(greeting);
  }

  readonly #onData = (octets: Buffer): void => {
    if (this.#layer === "clear" && this.#pending === "" && octets[0] === contentTypes.handshake) {
      // TLS where the script has clear text: noted, and never answered.
      this.#stream.off("data", this.#onData).resume();
      return void this.#heard.push({ layer: "clear", text: "(a ClientHello)" });
    }
    this.#pending = (this.#pending + octetsFromBytes(octets)) as Octets;
    if (this.#pending.length > limits.commandLineBytes.value) return void this.#tcp.destroy();
    for (let end = this.#pending.indexOf("\n"); end >= 0; end = this.#pending.indexOf("\n")) {
      const line = this.#pending.slice(0, end).replace(/\r$/, "") as Octets;
      this.#pending = this.#pending.slice(end + 1) as Octets;
      if (this.#heard.length >= linesMax) return void this.#tcp.destroy();
      this.#heard.push({ layer: this.#layer, text: displayOctets(maskCommandLine(line)) });
      const [, verb = "", argument = ""] = /^(\S*) ?(.*)$/s.exec(line) ?? [];
      if (this.#take(verb.toUpperCase(), argument) === "turned") return;
    }
  };

  /** One command; `turned` where what follows it is TLS. */
  #take(verb: string, argument: string): "turned" | undefined {
    const { authReply, closesAfterAuth } = this.#ground.script;
    if (verb === "AUTH" && this.#layer === "clear") {
      if (authReply !== undefined) this.#answer(authReply);
      else if (this.#ground.isComingBack) this.#answer("500 AUTH not understood");
      else if (closesAfterAuth === true) {
        this.#say("234 AUTH TLS accepted");
        this.#stream.end();
      } else return this.#turn();
      return undefined;
    }
    if (this.#layer === "tls" && !this.#hasReplied) this.#earlyCommandsCount++;
    if (verb === "PROT") this.#protect(argument.toUpperCase());
    else if (verb === "EPSV" || verb === "PASV") this.#passive(verb);
    else if (dataVerbs.has(verb)) this.#transfer(verb);
    else {
      if (verb === "REST") this.#restartOffset = Math.min(Number(argument) || 0, trialFile.sizeBytes);
      this.#answer(this.#replyTo(verb));
    }
    if (verb === "QUIT") this.#leave();
    return undefined;
  }

  /** Gives the client the time to end first, so that it can be seen how. */
  #leave(): void {
    this.#replies = this.#replies.then(() => void setTimeout(() => this.#stream.end(), farewellMs).unref());
  }

  #turn(): "turned" {
    const ahead = Buffer.from(this.#pending, "latin1");
    this.#pending = "" as Octets;
    this.#stream.off("data", this.#onData);
    this.#stream.pause();
    const { injected } = this.#ground.script;
    this.#stream.write(`234 AUTH TLS accepted\r\n${injected === undefined ? "" : `${injected}\r\n`}`);
    void this.#secure(ahead);
    return "turned";
  }

  async #secure(ahead?: Buffer): Promise<void> {
    const inside = await this.#end.secure(this.#ground.contexts.control, ahead);
    if (inside === undefined) return void (this.#hasFailed = true);
    this.#agreed = { protocol: inside.getProtocol() ?? undefined, suite: inside.getCipher().standardName };
    this.#layer = "tls";
    this.#stream = inside;
    const isImplicit = this.#ground.script.mode === "implicit";
    if (isImplicit) this.#protection = "P";
    this.#speak(isImplicit ? "220 Sallyport client trial" : undefined);
  }

  /** Replies leave in the order of their commands; the first inside TLS may have to wait. */
  #answer(reply: string | Promise<string>): void {
    const { holdsFirstReplyMs } = this.#ground.script;
    if (this.#layer === "tls" && !this.#isHeld && holdsFirstReplyMs !== undefined) {
      this.#isHeld = true;
      this.#replies = this.#replies.then(() => new Promise((resolve) => setTimeout(resolve, holdsFirstReplyMs)));
    }
    const isInside = this.#layer === "tls";
    this.#replies = this.#replies.then(async () => {
      const text = await reply;
      if (isInside) this.#hasReplied = true;
      this.#say(text);
    });
  }

  #say(reply: string): void {
    if (this.#stream.writable) this.#stream.write(`${reply}\r\n`, "latin1");
  }

  #protect(level: string): void {
    const refused = level === "P" ? this.#ground.script.protReply : undefined;
    if (refused === undefined && (level === "P" || level === "C")) this.#protection = level;
    this.#answer(refused ?? (level === "P" || level === "C" ? "200 ok" : "504 P or C"));
  }

  #passive(verb: "EPSV" | "PASV"): void {
    const { namesForeignAddress } = this.#ground.script;
    const { localAddress = "127.0.0.1" } = this.#tcp;
    const isIpv4 = !localAddress.includes(":") || localAddress.startsWith("::ffff:");
    if (verb === "EPSV" && namesForeignAddress === true && isIpv4) return this.#answer("502 EPSV is not known here");
    if (verb === "PASV" && !isIpv4) return this.#answer("522 only EPSV");
    this.#listener?.close();
    this.#answer(
      listenForData(localAddress.replace("::ffff:", ""), {
        script: this.#ground.script,
        context: this.#ground.contexts.data,
        protection: this.#protection,
      }).then((listener) => {
        this.#listener = listener;
        return verb === "EPSV" ? listener.extendedReply : listener.reply;
      }),
    );
  }

  #transfer(verb: string): void {
    const restartOffset = this.#restartOffset;
    this.#restartOffset = 0;
    this.#answer(
      this.#replies.then(async () => {
        const listener = this.#listener;
        this.#listener = undefined;
        if (listener === undefined) return "425 Use PASV or EPSV first";
        this.#say("150 Here it comes");
        const facts = await listener.transfer(verb, restartOffset);
        listener.close();
        if (facts === undefined) return "425 Nobody came";
        this.#data.push(facts);
        return facts.tls === "failed" ? "522 TLS failed" : "226 Transfer complete";
      }),
    );
  }

  #replyTo(verb: string): string {
    if (verb === "FEAT") {
      const { authReply } = this.#ground.script;
      const isHidden = authReply !== undefined || this.#ground.isComingBack;
      return ["211-Features:", ...(isHidden ? [] : [" AUTH TLS", " PBSZ", " PROT"]), ...features, "211 End"].join(
        "\r\n",
      );
    }
    return replies[verb] ?? "502 Not in this trial";
  }
}

const linesMax = 500;
const farewellMs = 200;

const features = [" EPSV", " MDTM", " MLST type*;size*;modify*;", " REST STREAM", " SIZE", " UTF8"];

const dataVerbs: ReadonlySet<string> = new Set(["LIST", "NLST", "MLSD", "RETR", "STOR", "APPE", "STOU"]);

const replies: Readonly<Record<string, string>> = {
  ...{ USER: "331 Password", PASS: "230 Welcome", ACCT: "230 Welcome", PBSZ: "200 PBSZ=0" },
  ...{ SYST: "215 UNIX Type: L8", PWD: '257 "/" is here', XPWD: '257 "/" is here', CWD: "250 ok", CDUP: "250 ok" },
  ...{ TYPE: "200 ok", MODE: "200 ok", STRU: "200 ok", OPTS: "200 ok", CLNT: "200 ok", NOOP: "200 ok", ALLO: "200 ok" },
  ...{ SIZE: `213 ${trialFile.sizeBytes}`, MDTM: "213 20260101000000", REST: "350 ok", ABOR: "226 ok" },
  ...{ AUTH: "503 TLS already", CCC: "534 No", QUIT: "221 Goodbye", REIN: "502 No" },
  MLST: `250-Listing\r\n type=file;size=${trialFile.sizeBytes};modify=20260101000000; /${trialFile.name}\r\n250 End`,
};
