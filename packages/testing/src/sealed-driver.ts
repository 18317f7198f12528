import {
  bytesFromOctets,
  DataBlockDecoder,
  decodeBase64,
  encodeBase64,
  encodeDataBlock,
  joinReply,
  type MessageLevel,
  type Octets,
  octetsFromText,
  parseAdat,
  protectedReplyTokens,
} from "@sallyport/protocol";
import type { SecurityContext, SecurityMechanism } from "@sallyport/transport";
import { connect as connectTcp, type Socket } from "node:net";
import type { DrivenReply, FtpDriver } from "./ftp-driver.ts";

/** A reply that came in a message, with the code around it. */
export interface SealedReply extends DrivenReply {
  /** 631 or 632; the reply's own code where it came in the clear. */
  readonly outer: number;
}

/** What a protected data connection brought, block by block; the last one is empty where the data is whole. */
export interface SealedTransfer {
  readonly opening: SealedReply;
  readonly octets: Buffer;
  /** Lengths of the tokens. */
  readonly tokenLengths: readonly number[];
  readonly isWhole: boolean;
  readonly completion?: SealedReply;
}

/** How the data of an upload goes wrong. */
export type BlockChange = (blocks: Uint8Array[]) => Uint8Array[];

/**
 * A client of AUTH GSSAPI that does what a test tells it, over an {@link FtpDriver}: tokens, commands in messages,
 * replies out of them, blocks of data.
 */
export class SealedDriver implements AsyncDisposable {
  readonly driver: FtpDriver;
  readonly context: SecurityContext;

  private constructor(driver: FtpDriver, context: SecurityContext) {
    this.driver = driver;
    this.context = context;
  }

  /** Says AUTH GSSAPI and exchanges tokens until both ends are complete. */
  static async authenticate(
    driver: FtpDriver,
    mechanism: SecurityMechanism,
    target = "ftp@localhost",
  ): Promise<SealedDriver> {
    await driver.expect("AUTH GSSAPI", 334);
    const context = await mechanism.initiate(target);
    let { token, facts } = await context.step(undefined);
    while (token !== undefined) {
      const answer = await driver.command(`ADAT ${encodeBase64(token)}`);
      if (answer.code !== 235 && answer.code !== 335) throw new Error(`ADAT was answered ${answer.text}`);
      const theirs = parseAdat(octetsFromText(answer.text));
      if (theirs === "not-base64") throw new Error(answer.text);
      if (theirs === "absent") break;
      ({ token, facts } = await context.step(theirs));
    }
    if (facts === undefined) throw new Error("the exchange of tokens did not complete");
    return new SealedDriver(driver, context);
  }

  /** The same, then USER, PBSZ, PROT and TYPE I. */
  static async logIn(
    driver: FtpDriver,
    mechanism: SecurityMechanism,
    { user = "alice", level = "P", target = "ftp@localhost" } = {},
  ): Promise<SealedDriver> {
    const sealed = await SealedDriver.authenticate(driver, mechanism, target);
    await sealed.expect(`USER ${user}`, 232);
    await sealed.expect("PBSZ 1048576", 200);
    await sealed.expect(`PROT ${level}`, 200);
    await sealed.expect("TYPE I", 200);
    return sealed;
  }

  /** A command in its envelope, without CRLF. */
  async envelope(line: string, level: MessageLevel = "MIC"): Promise<string> {
    const token = await this.context.wrap(bytesFromOctets(line as Octets), level === "ENC");
    return `${level} ${encodeBase64(token)}`;
  }

  async command(line: string, level: MessageLevel = "MIC"): Promise<SealedReply> {
    this.driver.send(`${await this.envelope(line, level)}\r\n`);
    return this.reply();
  }

  async expect(line: string, code: number, level: MessageLevel = "MIC"): Promise<SealedReply> {
    const answer = await this.command(line, level);
    if (answer.code !== code) throw new Error(`${line} was answered ${answer.code}, not ${code}: ${answer.text}`);
    return answer;
  }

  /** Takes the next reply and opens it, if it is sealed. */
  async reply(): Promise<SealedReply> {
    return this.open(await this.driver.reply());
  }

  async open({ code: outer, text }: DrivenReply): Promise<SealedReply> {
    if (outer < 600) return { outer, code: outer, text };
    const tokens = protectedReplyTokens(text.split("\n") as Octets[]);
    if (tokens === "not-base64") throw new Error(text);
    const fragments = [];
    for (const token of tokens) {
      const { octets, confidential } = await this.context.unwrap(token);
      if (confidential !== (outer === 632)) throw new Error(`${outer} is not what its message is`);
      fragments.push(octets);
    }
    const inner = joinReply(fragments);
    return { outer, code: Number(inner.slice(0, 3)), text: inner.replaceAll("\r\n", "\n").trimEnd() };
  }

  /** EPSV, then the TCP connection to its port. */
  async openPassive(level: MessageLevel = "MIC"): Promise<Socket> {
    const { text } = await this.expect("EPSV", 229, level);
    const socket = connectTcp({ host: "127.0.0.1", port: Number(/\|(\d+)\|\)/.exec(text)?.[1]), noDelay: true });
    socket.on("error", () => undefined);
    await new Promise<void>((resolve, reject) =>
      socket.once("connect", resolve).once("close", () => reject(new Error("closed before connect"))),
    );
    return socket;
  }

  /** Runs a command that sends to us at level S or P. */
  async retrieve(line: string, level: MessageLevel = "MIC"): Promise<SealedTransfer> {
    const data = await this.openPassive(level);
    const opening = await this.command(line, level);
    const nothing = { octets: Buffer.alloc(0), tokenLengths: [], isWhole: false };
    if (opening.code >= 200) {
      data.destroy();
      return { opening, ...nothing };
    }
    const received = await this.openBlocks(data);
    return { opening, ...received, completion: await this.reply() };
  }

  async openBlocks(data: Socket): Promise<Pick<SealedTransfer, "octets" | "tokenLengths" | "isWhole">> {
    const decoder = new DataBlockDecoder(0xffff_ffff);
    const opened: Uint8Array[] = [];
    const tokenLengths: number[] = [];
    for await (const chunk of data) {
      for (const event of decoder.push(chunk as Buffer)) {
        if (event.kind !== "token") throw new Error(`a length of ${event.tokenBytes}`);
        tokenLengths.push(event.token.length);
        opened.push((await this.context.unwrap(event.token)).octets);
      }
    }
    const isWhole = opened.length > 0 && opened.at(-1)?.length === 0 && decoder.isBetweenBlocks;
    return { octets: Buffer.concat(opened), tokenLengths, isWhole };
  }

  /** The blocks of an upload with their lengths before them, the empty one at the end. */
  async blocks(octets: Uint8Array, { confidential = true, tokenBytesMax = 1_048_576 } = {}): Promise<Uint8Array[]> {
    const pieceBytes = await this.context.wrapSizeLimit(tokenBytesMax, confidential);
    const blocks: Uint8Array[] = [];
    for (let at = 0; at < octets.length; at += pieceBytes) {
      blocks.push(encodeDataBlock(await this.context.wrap(octets.subarray(at, at + pieceBytes), confidential)));
    }
    blocks.push(encodeDataBlock(await this.context.wrap(new Uint8Array(0), confidential)));
    return blocks;
  }

  /** Runs a command that takes blocks from us; `change` is what goes wrong with them. */
  async store(
    line: string,
    octets: Uint8Array,
    options: { readonly confidential?: boolean; readonly tokenBytesMax?: number; readonly change?: BlockChange } = {},
  ): Promise<{ readonly opening: SealedReply; readonly completion?: SealedReply }> {
    const data = await this.openPassive();
    const opening = await this.command(line);
    if (opening.code >= 200) {
      data.destroy();
      return { opening };
    }
    const blocks = await this.blocks(octets, options);
    data.resume();
    data.end(Buffer.concat(options.change?.(blocks) ?? blocks));
    return { opening, completion: await this.reply() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.driver[Symbol.asyncDispose]();
    await this.context[Symbol.asyncDispose]();
  }
}

/** A token out of an envelope or a sealed reply. */
export function tokenOf(line: string): Uint8Array {
  const token = decodeBase64(line.split(" ").at(-1) ?? "");
  if (token === undefined) throw new Error(`no token in ${line}`);
  return token;
}
