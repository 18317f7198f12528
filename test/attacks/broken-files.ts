import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** Files as the broken server shows them. Each comment names a hole. */
export class BrokenFiles {
  readonly #directory: string;
  workingDirectory = "/";

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Hole: `..` is taken at its word, and links are followed. */
  path(name: string): string {
    return join(this.#directory, name.startsWith("/") ? name : `${this.workingDirectory}/${name}`);
  }

  enter(name: string): void {
    if (statSync(this.path(name)).isDirectory()) {
      this.workingDirectory = name.startsWith("/") ? name : `${this.workingDirectory}/${name}`;
    }
  }

  /** Hole: CR is a character like any other, and NUL ends the name. */
  make(name: string): void {
    const [cut = ""] = name.replaceAll("\r\0", "\r").split("\0");
    mkdirSync(Buffer.from(this.path(cut), "latin1"));
  }

  remove(name: string): void {
    rmSync(this.path(name));
  }

  rename(from: string, to: string): void {
    renameSync(this.path(from), this.path(to));
  }

  size(name: string): number {
    return statSync(this.path(name)).size;
  }

  /** Hole: whatever the size. */
  digest(name: string): string {
    return createHash("sha256")
      .update(readFileSync(this.path(name)))
      .digest("hex");
  }

  /** Holes: names go out as they are, `-R` follows links, nothing is bounded. */
  list(argument: string): string {
    const pattern = argument.replace(/^-\w+ ?/, "");
    const names = /[*{[]/.test(pattern) ? braces(pattern) : this.#below(pattern, argument.startsWith("-R"));
    return names.map((name) => ` ${name}\r\n`).join("");
  }

  #below(name: string, recursive: boolean): string[] {
    return readdirSync(this.path(name)).flatMap((child) => {
      const path = join(name, child);
      const opens = recursive && statSync(this.path(path), { throwIfNoEntry: false })?.isDirectory() === true;
      return [path, ...(opens && path.length < 200 ? this.#below(path, true) : [])];
    });
  }
}

/** Hole: braces multiply. */
function braces(pattern: string): string[] {
  const found = /^(.*?)\{([^}]*)\}(.*)$/.exec(pattern);
  if (found === null) return [pattern];
  const [, before = "", choices = "", after = ""] = found;
  return choices.split(",").flatMap((choice) => braces(`${before}${choice}${after}`));
}
