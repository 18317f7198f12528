import type { OwnLine } from "./own-lines.ts";

/** Dialects that became known after the parsers were written: each line here was a question to them. */
export const furtherLines: readonly OwnLine[] = [
  {
    format: "StingRay: no type, forks as in NetPresenz",
    line: "rw-rw-rw-          0  464195454  464195454 Jul  1  2016 batch.zip",
    expect: { name: "batch.zip", type: "file", size: 464_195_454, modify: "2016-07-01", permissions: "0666" },
  },
  {
    format: "FANUC robot: lower case, and no month for files that never changed",
    line: "-rw-rw-rw- 1 noone nogroup        132 000 17 2025 axis.ls",
    expect: { name: "axis.ls", type: "file", size: 132, modify: null, owner: "noone", group: "nogroup" },
  },
  {
    format: "FANUC robot",
    line: "-rw-rw-rw- 1 noone nogroup          0 mar 17 2025 zdt_cfg.dg",
    expect: { name: "zdt_cfg.dg", type: "file", size: 0, modify: "2025-03-17" },
  },
  {
    format: "Hadoop: no link count for directories",
    line: "drwxr-xr-x   - hdfs supergroup          0 2015-10-10 10:11 user",
    expect: { name: "user", type: "directory", modify: "2015-10-10T10:11", owner: "hdfs", group: "supergroup" },
  },
  {
    format: "a 32-bit counter that ran over",
    line: "-rw-r--r--   1 ftp      ftp      -1294967296 Mar  2 15:13 big.iso",
    expect: { name: "big.iso", type: "file", size: null, modify: "--03-02T15:13" },
  },
  {
    format: ".NET's first day",
    line: "drwxrwxrwx   1 user     group           0 Jan  1  0001 share",
    expect: { name: "share", type: "directory", size: 0, modify: null },
  },
  {
    format: "columns that ran into each other",
    line: "-r-xr-xr-x longowner longgroup123456 Feb 12 17:20 narrow",
    expect: {
      name: "narrow",
      type: "file",
      size: 123_456,
      owner: "longowner",
      group: "longgroup",
      modify: "--02-12T17:20",
    },
  },
  {
    format: "a user called May in a group called 15",
    line: "-rw-r--r--   1 may 15 2004 Jan 15 10:00 x",
    expect: { name: "x", type: "file", size: 2004, owner: "may", group: "15", modify: "--01-15T10:00" },
  },
  {
    format: "busybox ls --full-time",
    line: "-rw-r--r--    1 u        g             1234 Mon Jan 15 10:20:30 2021 f",
    expect: { name: "f", type: "file", size: 1234, modify: "2021-01-15T10:20:30" },
  },
  {
    format: "year first",
    line: "-rw-r--r-- 1 u g 1234 2003 Mar 20 10:11 f",
    expect: { name: "f", type: "file", size: 1234, modify: "2003-03-20T10:11" },
  },
  {
    format: "day and month in one word",
    line: "-rw-r--r-- 1 u g 1234 20-Mar 10:11 f",
    expect: { name: "f", type: "file", size: 1234, modify: "--03-20T10:11" },
  },
  {
    format: "numeric, the year in the middle of nothing",
    line: "-rw-r--r-- 1 u g 1234 2003   3/20 f",
    expect: { name: "f", type: "file", size: 1234, modify: "2003-03-20" },
  },
  {
    format: "RFC 3339",
    line: "-rw-r--r-- 1 u g 1234 2006-05-12T10:11:12+02:00 f",
    expect: { name: "f", type: "file", size: 1234, modify: "2006-05-12T10:11:12+02:00" },
  },
  {
    format: "KOI8-R",
    line: "-rw-r--r-- 1 u g 1234 \xC6\xC5\xD7 15 10:20 f",
    expect: { name: "f", type: "file", modify: "--02-15T10:20" },
    latin1: true,
  },
  {
    format: "Windows-1251, upper case",
    line: "-rw-r--r-- 1 u g 1234 15 \xC4\xC5\xCA 2019 f",
    expect: { name: "f", type: "file", modify: "2019-12-15" },
    latin1: true,
  },
  {
    format: "Shift-JIS",
    line: "-rw-r--r-- 1 u g 1234 12\x8C\x8E 15\x93\xFA 10:20 f",
    expect: { name: "f", type: "file", modify: "--12-15T10:20" },
    latin1: true,
  },
  {
    format: "GBK",
    line: "-rw-r--r-- 1 u g 1234 2019\xC4\xEA12\xD4\xC215\xC8\xD5 f",
    expect: { name: "f", type: "file", modify: "2019-12-15" },
    latin1: true,
  },
  {
    format: "JetDirect",
    line: "--w--w--w-   1 JetDirect public   31458048 Jan  1  1993 PORT1  Raw Port",
    expect: { name: "PORT1  Raw Port", type: "file", size: 31_458_048, permissions: "0222" },
  },
  {
    format: "numbers of stat",
    line: "0100644   500  101   12345    123456789       numeric mode",
    expect: { name: "numeric mode", type: "file", size: 12_345, modify: "1973-11-29T21:33:09Z", permissions: "0644" },
  },
  {
    format: "VShell",
    line: "0  Dec 12, 2002 02:13 folder/",
    expect: { name: "folder", type: "directory", size: null, modify: "2002-12-12T02:13" },
  },
  {
    format: "VShell, later",
    line: "-rwxr-xr-x    1 user group        9 Oct 08, 2002 09:47 f",
    expect: { name: "f", type: "file", size: 9, modify: "2002-10-08T09:47" },
  },
  {
    format: "Wellfleet",
    line: "startup.cfg    2116   08/25/93  Wed.   17:21:51",
    expect: { name: "startup.cfg", type: "file", size: 2116, modify: "1993-08-25T17:21:51" },
  },
  {
    format: "OpenVMS ODS-5, blanks in the name",
    line: "my notes.TXT;2     1/3    19-NOV-2001 21:41 [JO] (RWE,RWE,RE,RE)",
    expect: { name: "my notes.TXT", type: "file", size: 512, modify: "2001-11-19T21:41", owner: "JO" },
  },
  {
    format: "z/OS, an organisation of its own",
    line: "OMVS01 3390   2024/01/02  1  300  U        0     0  ZFS OMVS.ROOT",
    expect: { name: "OMVS.ROOT", type: "file", size: null, modify: "2024-01-02" },
  },
  {
    format: "z/OS, below a heading",
    line: "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\nSMS001 Not available at this time                      PROD.ELSEWHERE",
    expect: { name: "PROD.ELSEWHERE", type: "unknown", size: null, modify: null },
  },
  {
    format: "z/VM, fixed records",
    line: "CORE     EXEC     F         80         12          1 9/16/91 15:10:32 -",
    expect: { name: "CORE.EXEC", type: "file", size: 960, modify: "1991-09-16T15:10:32" },
  },
  {
    format: "MS-DOS, one letter for the half of the day",
    line: "10/27/2006  09:03p             1234 x.txt",
    expect: { name: "x.txt", type: "file", size: 1234, modify: "2006-10-27T21:03" },
  },
  {
    format: "IBM i, day of the year",
    line: "BAILEYSE     5263360 00/060   12:27:39 *FILE     BPTFSAVF",
    expect: { name: "BPTFSAVF", type: "file", size: 5_263_360, modify: "2000-02-29T12:27:39", owner: "BAILEYSE" },
  },
  {
    format: "IBM i, ISO date and time",
    line: "QSYS          128000 2019-12-31 23.59.59 *LIB      QGPL",
    expect: { name: "QGPL", type: "directory", size: 128_000, modify: "2019-12-31T23:59:59" },
  },
  {
    format: "IBM i, anonymous: no owner; a date that does not exist",
    line: "             5263360 99/99/99 12:27:39 *STMF     a b",
    expect: { name: "a b", type: "file", size: 5_263_360, modify: null },
  },
  {
    format: "Croatian: its months are not in the table, so the date stays unknown",
    line: "-rw-r--r-- 1 u g 1234 ožu 15 10:20 f",
    expect: { name: "f", type: "file", size: 1234, modify: null },
  },
  {
    format: "the same, day first",
    line: "-rw-r--r-- 1 u g 1234 15. ožu 2019 f",
    expect: { name: "f", type: "file", size: 1234, modify: null },
  },
  { format: "a sum with its unit", line: "total 4.0K", expect: "skip" },
  { format: "a reply on the wrong connection", line: "550 No such directory.", expect: "unparsed" },
];
