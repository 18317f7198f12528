/** What a line is expected to say; a field that is missing is not checked. */
export interface ExpectedEntry {
  readonly name: string;
  readonly type: string;
  /** Octets; a bigint beyond 2^53-1; null where the line states none. */
  readonly size?: number | bigint | null;
  /** ISO 8601: `Z` or an offset only where the line states it; `--MM-DD…` where the year is missing; null where no time is known. */
  readonly modify?: string | null;
  readonly permissions?: string;
  readonly owner?: string;
  readonly group?: string;
  readonly target?: string;
}

/** One line (or several, joined by LF) with what it says: an entry, nothing (headings, sums), or no known format. */
export interface OwnLine {
  readonly format: string;
  readonly line: string;
  readonly expect: ExpectedEntry | "skip" | "unparsed";
  /** The line is octets written as Latin-1, not text to be encoded as UTF-8. */
  readonly latin1?: true;
}

/** Written from the published descriptions of the formats alone, before any parser existed. */
export const ownLines: readonly OwnLine[] = [
  // POSIX ls -l (IEEE Std 1003.1, ls, STDOUT): mode, links, owner, group, size, date and time, pathname.
  posix("-rw-r--r--   1 root     sys         1234 Jan  5 09:07 plain", file("plain", 1234, "--01-05T09:07", "0644")),
  posix("-rw-r--r--   1 root     sys         1234 Jan  5  2019 plain", file("plain", 1234, "2019-01-05", "0644")),
  posix("drwxr-xr-x  12 root     sys         4096 Dec 31 23:59 var", dir("var", 4096, "--12-31T23:59", "0755")),
  posix("lrwxrwxrwx   1 root     root           7 Mar  3  2020 bin -> usr/bin", {
    ...link("bin", "usr/bin", 7, "2020-03-03"),
    permissions: "0777",
  }),
  posix("lrwxrwxrwx   1 root     root          12 Mar  3  2020 a -> b -> c", link("a", "b -> c", 12, "2020-03-03")),
  posix("lrwxrwxrwx   1 root     root          12 Mar  3  2020 nowhere", {
    name: "nowhere",
    type: "symlink",
    size: 12,
    modify: "2020-03-03",
  }),
  posix("-rw-r--r--   1 root     root          12 Mar  3  2020 a -> b", file("a -> b", 12, "2020-03-03")),
  posix("crw-rw-rw-   1 root     root       1,   3 Jun 17 06:25 null", {
    name: "null",
    type: "char-device",
    size: null,
    modify: "--06-17T06:25",
    owner: "root",
    group: "root",
  }),
  posix("brw-rw----   1 root     disk     259,0 Jun 17 06:25 nvme0n1", {
    name: "nvme0n1",
    type: "block-device",
    size: null,
    modify: "--06-17T06:25",
    permissions: "0660",
  }),
  posix("prw-------   1 daemon   daemon         0 Jun 17 06:25 queue", {
    name: "queue",
    type: "fifo",
    size: 0,
    modify: "--06-17T06:25",
  }),
  posix("srwxrwxrwx   1 mysql    mysql          0 Jun 17 06:25 mysql.sock", {
    name: "mysql.sock",
    type: "socket",
    size: 0,
    modify: "--06-17T06:25",
  }),
  posix("-rwsr-sr-t   1 root     root           9 Jun 17 06:25 special", file("special", 9, "--06-17T06:25", "7755")),
  posix("-rwSr-Sr-T   1 root     root           9 Jun 17 06:25 capital", file("capital", 9, "--06-17T06:25", "7644")),
  posix("drwxrwxrwt+ 14 root     wheel        448 Jul  4 08:00 tmp", dir("tmp", 448, "--07-04T08:00", "1777")),
  posix("-rw-r--r--.  1 root     root         448 Jul  4 08:00 selinux", file("selinux", 448, "--07-04T08:00", "0644")),
  posix("-rw-r--r--@  1 jo       staff        448 Jul  4 08:00 xattr", file("xattr", 448, "--07-04T08:00", "0644")),
  posix(
    "-rw-r--r--   1 jo       staff          0 Jul  4 08:00  leading blank",
    file(" leading blank", 0, "--07-04T08:00"),
  ),
  posix(
    "-rw-r--r--   1 jo       staff          0 Jul  4 08:00 trailing blank ",
    file("trailing blank ", 0, "--07-04T08:00"),
  ),
  posix(
    "-rw-r--r--   1 jo       staff          0 Jul  4 08:00 Jan  1 12:00 2",
    file("Jan  1 12:00 2", 0, "--07-04T08:00"),
  ),
  posix("-rw-r--r--   1 1000     100   4294967296 Feb 29  2024 over 4 GiB", {
    ...file("over 4 GiB", 4_294_967_296, "2024-02-29"),
    owner: "1000",
    group: "100",
  }),
  posix(
    "-rw-r--r--   1 1000     100   9007199254740993 Feb 29  2024 exact",
    file("exact", 9007199254740993n, "2024-02-29"),
  ),
  posix("-rw-r--r--   1 Domain Admins Domain Users 17 Apr  1 10:10 ad", {
    ...file("ad", 17, "--04-01T10:10"),
    owner: "Domain",
  }),
  posix("-rw-r--r--   1 EXAMPLE\\jo EXAMPLE\\domain users 17 Apr  1 10:10 ad", file("ad", 17, "--04-01T10:10")),
  posix("-rw-r--r--   1 jo               17 Apr  1 10:10 no group (ls -o)", {
    ...file("no group (ls -o)", 17, "--04-01T10:10"),
    owner: "jo",
  }),
  posix("-rw-r--r-- 1 17 Apr  1 10:10 no owner", file("no owner", 17, "--04-01T10:10")),
  posix("-rw-r--r--   jo staff 17 Apr  1 10:10 no link count", {
    ...file("no link count", 17, "--04-01T10:10"),
    owner: "jo",
    group: "staff",
  }),
  posix(
    "  8 -rw-r--r--   1 jo staff 4017 Apr  1 10:10 blocks first (ls -s)",
    file("blocks first (ls -s)", 4017, "--04-01T10:10"),
  ),
  posix(
    "131077 -rw-r--r--   1 jo staff 4017 Apr  1 10:10 inode first (ls -i)",
    file("inode first (ls -i)", 4017, "--04-01T10:10"),
  ),
  posix("drwxr-xr-x   2 jo staff 4096 Apr  1 10:10 .", { name: ".", type: "current-directory" }),
  posix("drwxr-xr-x   2 jo staff 4096 Apr  1 10:10 ..", { name: "..", type: "parent-directory" }),
  posix("drwxr-xr-x   2 jo staff 4096 Apr  1 10:10 marked/", dir("marked", 4096, "--04-01T10:10")),
  posix("-rw-r--r--   1 jo staff 4096 Apr  1 10:10 ../../etc/passwd", file("../../etc/passwd", 4096, "--04-01T10:10")),
  posix("-rw-r--r--   1 jo staff 4096 Feb 30 10:10 no such day", {
    name: "no such day",
    type: "file",
    size: 4096,
    modify: null,
  }),
  posix("-rw-r--r--   1 jo staff 4096 Feb 29  2023 no leap year", { name: "no leap year", type: "file", modify: null }),
  posix("-rw-r--r--   1 jo staff 4096 Jan 12 25:10 no such hour", { name: "no such hour", type: "file", modify: null }),
  posix("-????????? ? ?        ?            ?            ? unreadable", {
    name: "unreadable",
    type: "file",
    size: null,
    modify: null,
  }),
  posix("d????????? ? ?        ?            ?            ? gone", {
    name: "gone",
    type: "directory",
    size: null,
    modify: null,
  }),
  posix("total 56", "skip"),
  posix("total 0", "skip"),
  posix("insgesamt 1234", "skip"),
  posix("ls: cannot access 'x': Permission denied", "unparsed"),
  posix("/bin/ls: cannot open directory '.': Input/output error", "unparsed"),

  // GNU coreutils, --time-style: full-iso, long-iso, iso; and the order that locales give.
  gnu(
    "-rw-r--r-- 1 jo staff 17 2021-03-04 05:06:07.123456789 +0100 full",
    file("full", 17, "2021-03-04T05:06:07.123456789+01:00"),
  ),
  gnu(
    "-rw-r--r-- 1 jo staff 17 2021-03-04 05:06:07.000000000 -0330 full",
    file("full", 17, "2021-03-04T05:06:07.000000000-03:30"),
  ),
  gnu("-rw-r--r-- 1 jo staff 17 2021-03-04 05:06 long", file("long", 17, "2021-03-04T05:06")),
  gnu("-rw-r--r-- 1 jo staff 17 03-04 05:06 iso recent", file("iso recent", 17, "--03-04T05:06")),
  gnu("-rw-r--r-- 1 jo staff 17 2021-03-04  iso old", file("iso old", 17, "2021-03-04")),
  gnu("-rw-r--r-- 1 jo staff 17  4. Mär 05:06 deutsch", file("deutsch", 17, "--03-04T05:06")),
  gnu("-rw-r--r-- 1 jo staff 17  4. Mär 2019  deutsch", file("deutsch", 17, "2019-03-04")),
  gnu("-rw-r--r-- 1 jo staff 17 Okt 31 05:06 deutsch", file("deutsch", 17, "--10-31T05:06")),
  gnu("-rw-r--r-- 1 jo staff 17 M\xE4r 31 05:06 Latin-1", file("Latin-1", 17, "--03-31T05:06"), true),
  gnu("-rw-r--r-- 1 jo staff 17 août 15 2020 français", file("français", 17, "2020-08-15")),
  gnu("-rw-r--r-- 1 jo staff 17 15 févr. 10:20 français", file("français", 17, "--02-15T10:20")),
  gnu("-rw-r--r-- 1 jo staff 17 15 ene 10:20 español", file("español", 17, "--01-15T10:20")),
  gnu("-rw-r--r-- 1 jo staff 17 dic 15  2020 italiano", file("italiano", 17, "2020-12-15")),
  gnu("-rw-r--r-- 1 jo staff 17 out 15 10:20 português", file("português", 17, "--10-15T10:20")),
  gnu("-rw-r--r-- 1 jo staff 17 15 paź 2020 polski", file("polski", 17, "2020-10-15")),
  gnu("-rw-r--r-- 1 jo staff 17 мая 15 10:20 русский", file("русский", 17, "--05-15T10:20")),
  gnu("-rw-r--r-- 1 jo staff 17 6月 15 10:20 日本語", file("日本語", 17, "--06-15T10:20")),
  gnu("-rw-r--r-- 1 jo staff 17 6月 15日 2020年 日本語", file("日本語", 17, "2020-06-15")),
  gnu("-rw-r--r-- 1 jo staff 17 12월 15 10:20 한국어", file("한국어", 17, "--12-15T10:20")),
  gnu("-rw-r--r-- 1 jo staff 4,0K Jan 15 10:20 rounded", {
    name: "rounded",
    type: "file",
    size: null,
    modify: "--01-15T10:20",
  }),
  gnu("-rw-r--r-- 1 jo staff 1.5M Jan 15 10:20 rounded", {
    name: "rounded",
    type: "file",
    size: null,
    modify: "--01-15T10:20",
  }),
  gnu("-rw-r--r-- 1 jo staff 1,234,567 Jan 15 10:20 grouped", file("grouped", 1_234_567, "--01-15T10:20")),
  gnu("합계 12", "skip"),

  // BSD ls(1): -T gives the time with second and year; -o file flags; some locales put the day first.
  bsd("-rw-r--r--  1 jo  wheel  17 Jan 15 10:20:30 2021 with seconds", file("with seconds", 17, "2021-01-15T10:20:30")),
  bsd("-rw-r--r--  1 jo  wheel  17 15 Jan 10:20 day first", file("day first", 17, "--01-15T10:20")),
  bsd("-rw-r--r--  1 jo  wheel  17 15 Jan  2021 day first", file("day first", 17, "2021-01-15")),

  // RFC 3659 §7: facts, one space, pathname; times are UTC.
  mlsx(
    "type=file;size=25730;modify=19940728095854;perm=; cap60.pl198.tar.gz",
    file("cap60.pl198.tar.gz", 25_730, "1994-07-28T09:58:54Z"),
  ),
  mlsx("Type=dir;Modify=19981107085215;Perm=elcm; two words", dir("two words", null, "1998-11-07T08:52:15Z")),
  mlsx("type=file;modify=20040229235959.12345; leap", file("leap", null, "2004-02-29T23:59:59.12345Z")),
  mlsx("type=file;modify=20030229000000; no leap year", file("no leap year", null, null)),
  mlsx("type=cdir;perm=el; /pub", { name: "/pub", type: "current-directory" }),
  mlsx("type=pdir;perm=el; ..", { name: "..", type: "parent-directory" }),
  mlsx("Type=OS.unix=slink:/usr/bin;Unique=9AA1; bin", { name: "bin", type: "symlink", target: "/usr/bin" }),
  mlsx("Type=OS.unix=slink:;Unique=9AA1; bin", { name: "bin", type: "symlink" }),
  mlsx("type=OS.unix=chr-1/3;UNIX.mode=0666; null", { name: "null", type: "char-device", permissions: "0666" }),
  mlsx("type=OS.unix=blk-8/0; sda", { name: "sda", type: "block-device" }),
  mlsx("type=file;size=18446744073709551615; huge", file("huge", 18446744073709551615n)),
  mlsx("type=file;size=1;x.unknown=;lang=de;media-type=text/plain; a;b=c d", file("a;b=c d", 1)),
  mlsx("type=dir;sizd=4096;UNIX.mode=01777;UNIX.owner=jo;UNIX.group=staff; tmp", {
    ...dir("tmp", 4096),
    permissions: "1777",
    owner: "jo",
    group: "staff",
  }),
  mlsx("size=5;type=file  leading", file(" leading", 5)),

  // EPLF (D. J. Bernstein, cr.yp.to/ftp/list/eplf.html): plus sign, facts with commas, tab, pathname.
  eplf("+i8388621.29609,m824255902,/,\tdev", dir("dev", null, "1996-02-13T23:58:22Z")),
  eplf("+i8388621.44468,m839956783,r,s10376,\tRFCEPLF", file("RFCEPLF", 10_376, "1996-08-13T17:19:43Z")),
  eplf("+s0,r,up644,\tname, with\ttab", { ...file("name, with\ttab", 0), permissions: "0644" }),
  eplf("+r,m0,s18014398509481985,\tbig", file("big", 18014398509481985n, "1970-01-01T00:00:00Z")),
  eplf("+\tnothing known", { name: "nothing known", type: "unknown", size: null, modify: null }),
  eplf("+/,r,\tboth", { name: "both", type: "directory" }),

  // Microsoft IIS, MS-DOS directory style: MM-DD-YY, 12 hours, <DIR> or size; FourDigitYears changes the year.
  dos("02-29-24  12:00AM       <DIR>          midnight", dir("midnight", null, "2024-02-29T00:00")),
  dos("02-29-24  12:30PM                    7 noon half", file("noon half", 7, "2024-02-29T12:30")),
  dos("11-30-2023  11:59PM           4294967297 four digits", file("four digits", 4_294_967_297, "2023-11-30T23:59")),
  dos("07-16-99  07:05AM                    0  leading", file(" leading", 0, "1999-07-16T07:05")),
  dos("2023-11-30  23:59                   12 iso order", file("iso order", 12, "2023-11-30T23:59")),
  dos("30.11.2023  23:59                   12 German order", file("German order", 12, "2023-11-30T23:59")),
  dos("30/11/2023  23:59    <DIR>          British order", dir("British order", null, "2023-11-30T23:59")),
  dos("11/30/2023  11:59 PM    <JUNCTION>     Documents [C:\\Users]", {
    name: "Documents",
    type: "symlink",
    target: "C:\\Users",
    modify: "2023-11-30T23:59",
  }),
  dos("11/30/2023  11:59 PM    <SYMLINKD>     d [..\\x y]", { name: "d", type: "symlink", target: "..\\x y" }),
  dos("11/30/2023  11:59 PM    <SYMLINK>      f [t.txt]", { name: "f", type: "symlink", target: "t.txt" }),
  dos("11/30/2023  11:59 PM         1,234,567 grouped.bin", file("grouped.bin", 1_234_567, "2023-11-30T23:59")),
  dos("11-30-23  13:59PM                   12 thirteen", { name: "thirteen", type: "file", size: 12 }),
  dos("13-31-23  01:59PM                   12 no such month", { name: "no such month", type: "file", modify: null }),
  dos("11-30-23  11:59PM       <DIR>          .", { name: ".", type: "current-directory" }),
  dos("               3 File(s)      1,234,567 bytes", "skip"),

  // OpenVMS DIRECTORY/SIZE/DATE/OWNER/PROTECTION (DCL Dictionary): blocks of 512 octets, name;version, long names wrap.
  vms(
    "AVERAGE.EXE;6       6        10-APR-2000 15:43 (RWED,RWED,RWED,RE)",
    file("AVERAGE.EXE", 3072, "2000-04-10T15:43"),
  ),
  vms("AVERAGE.FOR;6       2         2-APR-2000 10:29:58.12  [MALCOLM]  (RWED,RWED,RWED,RE)", {
    ...file("AVERAGE.FOR", 1024, "2000-04-02T10:29:58.12"),
    owner: "MALCOLM",
  }),
  vms("SUBDIR.DIR;1   1/3   2-APR-2000 10:29:58  [SYS,MALCOLM]  (RWE,RWE,RE,)", {
    name: "SUBDIR",
    type: "directory",
    modify: "2000-04-02T10:29:58",
  }),
  vms(
    "A_RATHER_LONG_FILE_NAME_THAT_WRAPS.LISTING;12\n                     7/9      2-APR-2000 10:29  [200,1]  (RWED,RWED,RE,)",
    file("A_RATHER_LONG_FILE_NAME_THAT_WRAPS.LISTING", 3584, "2000-04-02T10:29"),
  ),
  vms(
    "LOGIN.COM;32767   0   31-DEC-1999 23:59:59.99 [SYSTEM] (RWED,RWED,,)",
    file("LOGIN.COM", 0, "1999-12-31T23:59:59.99"),
  ),
  vms("SECRET.DAT;1   insufficient privilege or object protection violation", {
    name: "SECRET.DAT",
    type: "unknown",
    size: null,
    modify: null,
  }),
  vms("Directory DISK$DOCUMENT:[MALCOLM]", "skip"),
  vms("Total of 4 files, 15 blocks.", "skip"),
  vms("Total of 1 file, 15/18 blocks.", "skip"),

  // z/OS Communications Server: data sets, members with ISPF statistics, load modules, JES.
  zos("Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname", "skip"),
  zos(
    "SMS001 3390   2022/07/15  1   15  FB      80 27920  PS  PROD.DAILY.LOG",
    file("PROD.DAILY.LOG", null, "2022-07-15"),
  ),
  zos("SMS001 3390   2022/07/15  3 4565  VB    1028 27998  PO-E PROD.JCL", dir("PROD.JCL", null, "2022-07-15")),
  zos("SMS001 3390   **NONE**    1    1  U        0  6144  PO  PROD.NEVER.USED", dir("PROD.NEVER.USED", null, null)),
  zos("SMS001 3390                                    VSAM PROD.MASTER.KSDS", {
    name: "PROD.MASTER.KSDS",
    size: null,
    type: "file",
  }),
  zos("Migrated                                             PROD.OLD.DATA", {
    name: "PROD.OLD.DATA",
    type: "file",
    modify: null,
  }),
  zos("SMS001 Tape                                          PROD.ON.TAPE", {
    name: "PROD.ON.TAPE",
    type: "file",
    modify: null,
  }),
  zos(" Name     VV.MM   Created       Changed      Size  Init   Mod   Id", "skip"),
  zos(
    " COBPROG   01.07 2001/02/03 2022/07/15 12:34   123   100     4 TSOUSR",
    file("COBPROG", null, "2022-07-15T12:34"),
  ),
  zos(" Name     VV.MM   Created       Changed      Size  Init   Mod   Id\n NOSTATS", file("NOSTATS", null, null)),
  zos(
    " Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode\n IEFBR14   000008   00000B          00 FO             RN RU            31    ANY",
    file("IEFBR14", 8),
  ),

  // IBM i, LISTFMT 0 (IBM i documentation, "File and directory entries in IBM i format").
  ibmi("BAILEYSE     5263360 06/11/97 12:27:39 *FILE     BPTFSAVF", {
    ...file("BPTFSAVF", 5_263_360, "1997-06-11T12:27:39"),
    owner: "BAILEYSE",
  }),
  ibmi("QSYS          128000 12/31/19 23:59:59 *DIR      home/", dir("home", 128_000, "2019-12-31T23:59:59")),
  ibmi(
    "QSECOFR        77824 31.12.19 23:59:59 *STMF     with blank.txt",
    file("with blank.txt", 77_824, "2019-12-31T23:59:59"),
  ),
  ibmi("QPGMR                                  *MEM      SRC.FILE/HELLO.MBR", {
    name: "SRC.FILE/HELLO.MBR",
    type: "file",
    size: null,
    modify: null,
  }),

  // HPE NonStop, FTP server: file, code, end of file, last modification, owner, security.
  nonstop("File         Code             EOF  Last Modification    Owner  RWEP", "skip"),
  nonstop(
    'FTPLOG         101          123456 05-Feb-24 06:07:08 255,255 "NUNU"',
    file("FTPLOG", 123_456, "2024-02-05T06:07:08"),
  ),

  // OS/2 FTP server: size, attributes, date with the year counted from 1900, time, name.
  os2("     1234          A    02-29-104   16:05  config.sys", file("config.sys", 1234, "2004-02-29T16:05")),
  os2("        0           DIR   12-31-99   23:59  OS2", dir("OS2", null, "1999-12-31T23:59")),

  // NetWare: type, rights in brackets, owner, size, date, name.
  netware("d [RWCEAFMS] admin                          512 Jan 16 18:53    login", dir("login", 512, "--01-16T18:53")),
  netware("- [-WCEAFMS] jo                       214059 Oct 20  2001    cx.exe", {
    ...file("cx.exe", 214_059, "2001-10-20"),
    owner: "jo",
  }),

  // Classic Mac OS servers: resource fork, data fork, total; `folder` and the number of items.
  mac(
    "-------r--         326  1391972  1392298 Nov 22  1995 MegaPhone.sit",
    file("MegaPhone.sit", 1_392_298, "1995-11-22"),
  ),
  mac("drwxrwxr-x               folder        2 May 10  1996 network", dir("network", undefined, "1996-05-10")),

  // VxWorks, OS-9, z/VM.
  {
    format: "VxWorks",
    line: "      512    SEP-01-2003  10:34:46   RAMDISK       <DIR>",
    expect: dir("RAMDISK", undefined, "2003-09-01T10:34:46"),
  },
  {
    format: "VxWorks",
    line: "    14823    JUL-13-1998  12:34:56   boot.ini",
    expect: file("boot.ini", 14_823, "1998-07-13T12:34:56"),
  },
  {
    format: "z/VM",
    line: "PROFILE  EXEC     V         80         12          1 2020-01-02 03:04:05 JO191",
    expect: { name: "PROFILE.EXEC", type: "file", modify: "2020-01-02T03:04:05" },
  },
  {
    format: "z/VM",
    line: "SUBDIR   DIR      -          -          -          - 2020-01-02 03:04:05 -",
    expect: { name: "SUBDIR", type: "directory", modify: "2020-01-02T03:04:05" },
  },
  {
    format: "OS-9",
    line: "  0.0     96/03/13 0945  d-ewrewr     C540     5440 CMDS",
    expect: dir("CMDS", 5440, "1996-03-13T09:45"),
  },

  // What is no listing at all.
  { format: "none", line: "Permission denied", expect: "unparsed" },
  { format: "none", line: "HTTP/1.0 400 Bad Request", expect: "unparsed" },
  { format: "none", line: "", expect: "skip" },
];

function posix(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "POSIX ls", line, expect };
}

function gnu(line: string, expect: OwnLine["expect"], latin1?: true): OwnLine {
  return { format: "GNU ls", line, expect, ...(latin1 === undefined ? {} : { latin1 }) };
}

function bsd(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "BSD ls", line, expect };
}

function mlsx(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "MLSx", line, expect };
}

function eplf(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "EPLF", line, expect };
}

function dos(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "MS-DOS", line, expect };
}

function vms(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "OpenVMS", line, expect };
}

function zos(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "z/OS", line, expect };
}

function ibmi(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "IBM i", line, expect };
}

function nonstop(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "NonStop", line, expect };
}

function os2(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "OS/2", line, expect };
}

function netware(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "NetWare", line, expect };
}

function mac(line: string, expect: OwnLine["expect"]): OwnLine {
  return { format: "Mac OS", line, expect };
}

type Size = number | bigint | null;

function file(name: string, size?: Size, modify?: string | null, permissions?: string): ExpectedEntry {
  return entry("file", name, size, modify, permissions);
}

function dir(name: string, size?: Size, modify?: string | null, permissions?: string): ExpectedEntry {
  return entry("directory", name, size, modify, permissions);
}

function link(name: string, target: string, size?: Size, modify?: string): ExpectedEntry {
  return { ...entry("symlink", name, size, modify), target };
}

function entry(type: string, name: string, size?: Size, modify?: string | null, permissions?: string): ExpectedEntry {
  return {
    name,
    type,
    ...(size === undefined ? {} : { size }),
    ...(modify === undefined ? {} : { modify }),
    ...(permissions === undefined ? {} : { permissions }),
  };
}
