import type { Octets, VirtualPath } from "@sallyport/protocol";

/** What a name may hold: whole contents, and `undefined` for no file. */
export type Content = Octets | undefined;

/**
 * What the acknowledged operations say that the files are. A name has one certain content; contents whose operation
 * failed without a word about it stay possible, since the server may be carrying them out yet.
 */
export class FileModel {
  readonly #certain = new Map<VirtualPath, Content>();
  readonly #possible = new Map<VirtualPath, Set<Content>>();
  #underWay: { readonly request: number; readonly path: VirtualPath; readonly contents: readonly Content[] }[] = [];

  /** Under way: may be seen already, and is judged with its settlement. */
  begun(request: number, path: VirtualPath, contents: readonly Content[]): void {
    this.#underWay.push({ request, path, contents });
  }

  ended(request: number): void {
    this.#underWay = this.#underWay.filter((one) => one.request !== request);
  }

  acknowledged(path: VirtualPath, content: Content): void {
    this.#certain.set(path, content);
  }

  /** It may have been done, or be done yet. */
  uncertain(path: VirtualPath, content: Content): void {
    const possible = this.#possible.get(path) ?? new Set();
    this.#possible.set(path, possible.add(content));
  }

  certain(path: VirtualPath): Content {
    return this.#certain.get(path);
  }

  /** Whether nothing but the certain content can be there. */
  isCertain(path: VirtualPath): boolean {
    return !this.#possible.has(path) && this.#underWay.every((one) => one.path !== path);
  }

  allows(path: VirtualPath, content: Content): boolean {
    return this.contentsOf(path).includes(content);
  }

  contentsOf(path: VirtualPath): readonly Content[] {
    const underWay = this.#underWay.flatMap((one) => (one.path === path ? one.contents : []));
    return [this.#certain.get(path), ...(this.#possible.get(path) ?? []), ...underWay];
  }

  paths(): readonly VirtualPath[] {
    return [...new Set([...this.#certain.keys(), ...this.#possible.keys()])];
  }
}
