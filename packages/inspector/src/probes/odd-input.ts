import { codeOf, ProbeConnection, type Answer, type ConnectFailure } from "./control.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { secureConnection, type LoginPlace } from "./secure-connection.ts";
import { logIn } from "./visitor.ts";

/** Answers to lines that no client sends; none changes anything. */
export interface OddInputFacts extends LoginPlace {
  readonly longLine: Answer;
  readonly zeroOctet: Answer;
  readonly highOctet: Answer;
  /** Two commands with a bare line feed between: two replies where that ends a line. */
  readonly bareLineFeed: readonly Answer[];
  readonly emptySite: Answer;
  /** How many commands that nobody has were answered on one connection, of {@link wrongCommandsMax}. */
  readonly wrongCommandsCount: number;
  /** SIZE of /etc/passwd by way of `..`, where somebody is logged in. */
  readonly upwards: Answer | undefined;
  /** Whether the server greets somebody else behind all that. */
  readonly greetsOn: boolean;
}

const longLineBytes = 70_000;
/** As many as all servers took in the study of ALPACA. */
export const wrongCommandsMax = 100;
const patienceMs = 1500;

export async function probeOddInput(
  server: InspectedServer,
  place: LoginPlace,
): Promise<OddInputFacts | ConnectFailure> {
  const ask = async (octets: Buffer): Promise<ProbeConnection | ConnectFailure> => {
    const opened = await secureConnection(server, place.mode, place.port);
    if ("kind" in opened) return opened;
    opened.connection.sendOctets(octets);
    return opened.connection;
  };
  const one = async (octets: Buffer): Promise<Answer> => {
    const connection = await ask(octets);
    if (!(connection instanceof ProbeConnection)) return { kind: "closed" };
    await using held = connection;
    return await held.reply(patienceMs);
  };
  const longLine = await one(Buffer.concat([Buffer.alloc(longLineBytes, "X"), Buffer.from("\r\n")]));
  const zeroOctet = await one(Buffer.from("USER sallyport\0inspect\r\n"));
  const highOctet = await one(Buffer.from("USER \xff\xfe\r\n", "latin1"));
  const emptySite = await one(Buffer.from("SITE\r\n"));
  const bareLineFeed: Answer[] = [];
  const feeding = await ask(Buffer.from("NOOP\nNOOP\r\n"));
  if (feeding instanceof ProbeConnection) {
    await using held = feeding;
    bareLineFeed.push(await held.reply(patienceMs), await held.reply(glanceMs));
  }
  const upwards = await askUpwards(server, place);
  const wrongCommandsCount = await countWrongCommands(server, place);
  return {
    ...place,
    wrongCommandsCount,
    longLine,
    zeroOctet,
    highOctet,
    emptySite,
    bareLineFeed,
    upwards,
    greetsOn: await greets(server, place),
  };
}

const glanceMs = 300;

async function countWrongCommands(server: InspectedServer, { mode, port }: LoginPlace): Promise<number> {
  const opened = await secureConnection(server, mode, port);
  if ("kind" in opened) return 0;
  await using connection = opened.connection;
  let count = 0;
  while (count < wrongCommandsMax) {
    const answer = await connection.command("XSALLYPORT", patienceMs);
    if (answer.kind !== "reply" || answer.code === 421) break;
    count += 1;
  }
  return count;
}

async function askUpwards(server: InspectedServer, place: LoginPlace): Promise<Answer | undefined> {
  if (server.credentials === undefined) return undefined;
  const entered = await logIn(server, place);
  if ("kind" in entered) return undefined;
  await using connection = entered.connection;
  await connection.command("TYPE I");
  return await connection.command(`SIZE ${"../".repeat(12)}etc/passwd`);
}

async function greets(server: InspectedServer, { mode, port }: LoginPlace): Promise<boolean> {
  const opened = await secureConnection(server, mode, port);
  if ("kind" in opened) return false;
  await using connection = opened.connection;
  return codeOf(await connection.command("NOOP")) > 0;
}
