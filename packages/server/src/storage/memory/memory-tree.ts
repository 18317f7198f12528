import { displayOctets, limits, type Octets, pathComponents, type VirtualPath } from "@sallyport/protocol";

import { namesOfTarget } from "../link-target.ts";
import { StorageError } from "../storage-error.ts";

export type MemoryNode = MemoryFile | MemoryFolder | MemoryLink;

interface NodeFacts {
  readonly identity: string;
  readonly createdMs: number;
  modifiedMs: number;
  mode: number;
}

export interface MemoryFile extends NodeFacts {
  readonly type: "file";
  /** Never written to: an upload brings a new array, so that a reader keeps its version. */
  content: Uint8Array;
}

export interface MemoryFolder extends NodeFacts {
  readonly type: "directory";
  readonly children: Map<Octets, MemoryNode>;
  removed: boolean;
}

export interface MemoryLink extends NodeFacts {
  readonly type: "symbolic-link";
  readonly target: Octets;
}

/** A name in a folder; the empty name is the folder itself. */
export interface MemoryPlace {
  readonly folder: MemoryFolder;
  readonly canonical: readonly Octets[];
  readonly floorCount: number;
  readonly name: Octets;
}

/** The tree of a memory storage and the walk through it; the rules are those of a local directory. */
export class MemoryTree {
  #identities = 0;
  readonly root: MemoryFolder = this.folder();

  folder(): MemoryFolder {
    return { ...this.#facts(0o755), type: "directory", children: new Map(), removed: false };
  }

  file(content: Uint8Array): MemoryFile {
    return { ...this.#facts(0o644), type: "file", content };
  }

  link(target: Octets): MemoryLink {
    return { ...this.#facts(0o777), type: "symbolic-link", target };
  }

  /** Finds a path below `base`; with `follow` also a link in the last component is resolved. */
  locate(base: VirtualPath, path: VirtualPath, follow: boolean): MemoryPlace {
    const top = this.#walk([], pathComponents(base), path, true);
    const floor = top.name === "" ? top.canonical : [...top.canonical, top.name];
    return this.#walk(floor, pathComponents(path), path, follow);
  }

  #walk(floor: readonly Octets[], names: readonly Octets[], path: VirtualPath, follow: boolean): MemoryPlace {
    const pending = names.toReversed();
    let canonical = [...floor];
    let folder = this.#folderAt(canonical, path);
    let linksLeft = limits.symbolicLinksCount.value;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === "" || name === ".") continue;
      if (name === "..") {
        if (canonical.length <= floor.length) throw leaves(path);
        canonical = canonical.slice(0, -1);
        folder = this.#folderAt(canonical, path);
        continue;
      }
      const last = pending.length === 0;
      const node = folder.children.get(name);
      if (node?.type === "symbolic-link" && (follow || !last)) {
        const inside = namesOfTarget(node.target, floor);
        if (inside === undefined || linksLeft-- === 0) throw leaves(path);
        if (node.target.startsWith("/")) {
          canonical = [...floor];
          folder = this.#folderAt(canonical, path);
        }
        pending.push(...inside.toReversed());
        continue;
      }
      if (last) return { folder, canonical, floorCount: floor.length, name };
      folder = asFolder(node, path);
      canonical.push(name);
    }
    return { folder, canonical, floorCount: floor.length, name: "" as Octets };
  }

  #folderAt(canonical: readonly Octets[], path: VirtualPath): MemoryFolder {
    let folder = this.root;
    for (const name of canonical) folder = asFolder(folder.children.get(name), path);
    return folder;
  }

  #facts(mode: number): NodeFacts {
    const nowMs = Date.now();
    return { identity: `memory:${++this.#identities}`, createdMs: nowMs, modifiedMs: nowMs, mode };
  }
}

function asFolder(node: MemoryNode | undefined, path: VirtualPath): MemoryFolder {
  if (node === undefined) throw new StorageError("not-found", `${displayOctets(path)}: not found`);
  if (node.type !== "directory") throw new StorageError("not-a-directory", `${displayOctets(path)}: not a directory`);
  return node;
}

function leaves(path: VirtualPath): StorageError {
  return new StorageError(
    "not-found",
    `${displayOctets(path)}: a symbolic link leads out of the storage or in a circle`,
  );
}
