import { appendFile, chmod, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { maskCommandLine, octetsFromText } from "@sallyport/protocol";

/** Lines that are remembered. */
export const historyCountMax = 2_000;
const lineCharactersMax = 1_024;
/** A file that is larger was not written by us. */
const fileBytesMax = 16_777_216;

/**
 * The lines that were typed, the oldest first, kept in a file that its owner alone can read. What may hold a password is
 * remembered without it, or not at all; so is a line that begins with a space.
 */
export class History {
  readonly #path: string | undefined;
  readonly #lines: string[];

  private constructor(path: string | undefined, lines: readonly string[]) {
    this.#path = path;
    this.#lines = [...lines];
  }

  /** Without a path, and where there is something else in its place, nothing outlives the shell. */
  static async load(path: string | undefined): Promise<History> {
    const lines = path === undefined ? undefined : await readLines(path);
    return new History(lines === undefined ? undefined : path, lines ?? []);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Remembers a line, and drops the oldest where there are too many. Where the file cannot be written, until the end. */
  async add(line: string): Promise<void> {
    const kept = rememberedLine(line);
    if (kept === undefined || kept === this.#lines.at(-1)) return;
    this.#lines.push(kept);
    this.#lines.splice(0, this.#lines.length - historyCountMax);
    if (this.#path !== undefined) await appendLine(this.#path, kept).catch(() => undefined);
  }
}

/** A line as it may be remembered; undefined where it may not. */
export function rememberedLine(line: string): string | undefined {
  const text = line.trim();
  if (text === "" || line.startsWith(" ") || text.length > lineCharactersMax) return undefined;
  // oxlint-disable-next-line no-control-regex -- they would steer the terminal when the line is shown again
  if (/[\u0000-\u001F\u007F-\u009F]/.test(text)) return undefined;
  const sent = octetsFromText(/\b(?:raw|quote)["']?\s+["']?(.*)$/i.exec(text)?.[1] ?? "");
  if (maskCommandLine(sent) !== sent) return undefined;
  const masked = text.replaceAll(/(?<![^\s"'])((?:[a-z]+:\/\/)?[^\s:/@"']+):[^\s/]*@/gi, "$1@");
  // A password that is quoted in some way, or a user's name with an @ in it; or a slash in what is no port.
  if (/:[^/]*@/.test(masked)) return undefined;
  return /(?<![^\s"'])(?:[a-z]+:\/\/)?[^\s:/@"']+:(?!\/\/|\d+\/)\S*@/i.test(masked) ? undefined : masked;
}

/** A line as it may be shown where others look on, without passwords. */
export function shownLine(line: string): string {
  const text = line.trim();
  return rememberedLine(text) ?? `${/^[\w-]*/.exec(text)?.[0] ?? ""} …`.trim();
}

/** Undefined where the file is not to be written either. */
async function readLines(path: string): Promise<readonly string[] | undefined> {
  try {
    const stats = await stat(path);
    if (!stats.isFile() || stats.size > fileBytesMax) return undefined;
    if ((stats.mode & 0o077) !== 0 && process.platform !== "win32") await chmod(path, 0o600);
    const all = (await readFile(path, "utf8")).split("\n").slice(0, -1);
    const lines = all.slice(-historyCountMax).flatMap((line) => rememberedLine(line) ?? []);
    if (all.length > 2 * historyCountMax) await replaceLines(path, lines);
    return lines;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT" ? [] : undefined;
  }
}

async function replaceLines(path: string, lines: readonly string[]): Promise<void> {
  const staged = `${path}.${process.pid}.new`;
  await writeFile(staged, lines.map((line) => `${line}\n`).join(""), { mode: 0o600, flag: "wx" });
  await rename(staged, path);
}

async function appendLine(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await appendFile(path, `${line}\n`, { mode: 0o600 });
}
