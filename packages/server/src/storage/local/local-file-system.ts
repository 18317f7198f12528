import fs from "node:fs";

/**
 * Whether a directory, and every mount below it at this moment, lies on a file system that answers at once. What is
 * not known to be local counts as remote.
 */
export function isLocalFileSystem(path: string): boolean {
  const root = fs.realpathSync.native(path, "latin1");
  const prefix = root === "/" ? "/" : `${root}/`;
  const below = readMounts().filter(({ point }) => point.startsWith(prefix));
  return localTypes.has(fs.statfsSync(path).type) && below.every(({ isLocal }) => isLocal);
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

/** `f_type` of statfs(2), as include/uapi/linux/magic.h lists them. */
const localTypes: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x2fc12fc1, // zfs
  0xf2f52010, // f2fs
  0xca451a4e, // bcachefs
  0x794c7630, // overlayfs
  0x4d44, // vfat
  0x2011bab0, // exfat
  0x5346544e, // ntfs
  0x9660, // iso9660
  0x73717368, // squashfs
  0x1a, // apfs on macOS
]);

const localTypeNames: ReadonlySet<string> = new Set([
  ...["ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "ramfs", "zfs", "f2fs", "bcachefs", "overlay", "vfat", "exfat"],
  ...["ntfs3", "iso9660", "squashfs", "proc", "sysfs", "devtmpfs", "devpts", "mqueue", "cgroup", "cgroup2"],
]);
