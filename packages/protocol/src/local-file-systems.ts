/**
 * Whether a file system of this type, `f_type` of statfs(2), is on this machine and answers at once, so that a call may be
 * waited for. What is not known to be local counts as remote.
 */
export function isLocalFileSystemType(type: number): boolean {
  return localTypes.has(type);
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
