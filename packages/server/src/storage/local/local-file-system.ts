import { isLocalFileSystemType } from "@sallyport/protocol";
import fs from "node:fs";

/**
 * Whether a directory, and every mount below it at this moment, lies on a file system that answers at once. What is
 * not known to be local counts as remote.
 */
export function isLocalFileSystem(path: string): boolean {
  const root = fs.realpathSync.native(path, "latin1");
  const prefix = root === "/" ? "/" : `${root}/`;
  const below = readMounts().filter(({ point }) => point.startsWith(prefix));
  return isLocalFileSystemType(fs.statfsSync(path).type) && below.every(({ isLocal }) => isLocal);
}

/** A mount of this machine: the octets of its place, and whether its file system answers at once. */
export interface Mount {
  readonly point: string;
  readonly isLocal: boolean;
}

/** The mounts of now, from `/proc/self/mountinfo`, later ones last; none where the system has no such file. */
export function readMounts(): readonly Mount[] {
  const mounts: Mount[] = [];
  for (const line of readTable().split("\n")) {
    const point = line.split(" ")[4]?.replace(/\\(\d{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
    const type = / - (\S+) /.exec(line)?.[1];
    if (point !== undefined && type !== undefined) mounts.push({ point, isLocal: localTypeNames.has(type) });
  }
  return mounts;
}

function readTable(): string {
  try {
    return fs.readFileSync("/proc/self/mountinfo", "latin1");
  } catch {
    return "";
  }
}

const localTypeNames: ReadonlySet<string> = new Set([
  ...["ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "ramfs", "zfs", "f2fs", "bcachefs", "overlay", "vfat", "exfat"],
  ...["ntfs3", "iso9660", "squashfs", "proc", "sysfs", "devtmpfs", "devpts", "mqueue", "cgroup", "cgroup2"],
]);
