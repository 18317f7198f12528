import type { FailureCause, FailureFacts } from "../explanation.ts";

const writing = ["STOR", "STOU", "APPE", "MKD", "XMKD", "RMD", "DELE", "RNFR", "RNTO", "SITE", "MFMT", "ALLO"];
const storing = ["STOR", "STOU", "APPE"];
const refusals = [450, 451, 532, 550, 553];

/** Files and directories: what may be read and written, and where. */
export const fileCauses: readonly FailureCause[] = [
  {
    id: "writing-off",
    title: "The server allows no writing",
    text: "The server is set up so that this account, or nobody, may write here.",
    clues: [
      // vsftpd says the very same where the file system has no part in it (measured).
      { likelihood: "likely", replies: [550], verbs: writing, says: /^permission denied\.$/i, when: isOf("vsftpd") },
      {
        likelihood: "likely",
        replies: refusals,
        verbs: writing,
        says: /operation not permitted|not allowed|read.?only|not enough privileges/i,
      },
      { likelihood: "possible", replies: refusals, verbs: writing, says: /permission denied|access is denied/i },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd:
        "write_enable=YES; for guests and anonymous virtual_use_local_privs or anon_upload_enable; cmds_denied, deny_file",
      ProFTPD: "<Limit WRITE> (or STOR, MKD, DELE …) without DenyAll, also in .ftpaccess",
      "Pure-FTPd": "AnonymousCantUpload no (without -i), KeepAllFiles no (without -K), NoRename no (without -G)",
      pyftpdlib: 'perm="elradfmwMT" of the user',
      "FileZilla Server": "Users, mount points: Read + Write",
      IIS: "FTP Authorization Rules: Write",
      Sallyport: 'read-only = false; "sallyport user permit NAME PATH …"',
    },
    reference: "RFC 959 §5.4 (550); measured with vsftpd 3.0.3 and ProFTPD 1.3.8",
  },
  {
    id: "directory-not-writable",
    title: "The directory's permissions",
    text: "The account may not write in this directory: its owner or its mode in the server's file system says no.",
    clues: [
      { likelihood: "likely", replies: [553], verbs: writing, says: /could not create file|permission denied/i },
      {
        likelihood: "likely",
        replies: refusals,
        verbs: writing,
        says: /:\s*permission denied|create directory operation failed|access is denied/i,
      },
      { likelihood: "possible", replies: [550, 553], verbs: writing, says: /failed|permission|denied/i },
    ],
    fixedBy: ["administrator", "you"],
    settings: {
      vsftpd: "owner and mode of the directory; local_umask for what is made new",
      ProFTPD: "owner and mode of the directory; Umask, UserOwner",
      "Pure-FTPd": "owner and mode of the directory; Umask (-U)",
      pyftpdlib: "owner and mode of the directory, for the user that runs it",
      "FileZilla Server": "NTFS permissions of the directory, for the user that runs the service",
      IIS: "NTFS permissions of the directory: Modify",
      Sallyport: "owner and mode of the directory, for the user of run-as",
    },
    here: { text: "See whose it is with ls, or upload below a directory of your own." },
    reference: "RFC 959 §5.4 (553); measured with vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50",
  },
  {
    id: "overwrite-denied",
    title: "The file is there and may not be replaced",
    text: "A file of this name is there, and the server does not let it be replaced.",
    clues: [{ likelihood: "certain", replies: refusals, verbs: writing, says: /overwrit|already exists|file exists/i }],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "anon_other_write_enable=YES, for anonymous",
      ProFTPD: "AllowOverwrite on",
      "Pure-FTPd": "AutoRename no (without -r); anonymous may never replace",
      pyftpdlib: 'perm with "d" and "w"',
      IIS: "NTFS permissions of the file: Modify",
    },
    here: {
      text: "Leave what is there alone, or choose another name.",
      flag: "--on-existing skip",
      option: "onConflict",
    },
    reference: "RFC 959 §5.4; measured with ProFTPD 1.3.8",
  },
  {
    id: "name-forbidden",
    title: "The server forbids such names",
    text:
      "The server has a rule against this name. Uploads have a name that begins with a dot until they are whole, which a rule " +
      "against dot files meets as well.",
    clues: [
      {
        likelihood: "certain",
        replies: [550, 553, 501],
        says: /forbidden (?:filename|command argument)|prohibited (?:file|directory) name|illegal (?:character|name)|invalid (?:file)?name/i,
      },
      {
        likelihood: "possible",
        replies: [550, 553],
        verbs: storing,
        when: ({ command }) => command?.includes("sallyport-part") === true,
      },
    ],
    fixedBy: ["administrator", "you"],
    settings: {
      vsftpd: "deny_file",
      ProFTPD: "PathDenyFilter, PathAllowFilter",
      "Pure-FTPd": "ProhibitDotFilesWrite no (without -x)",
      IIS: "FTP Request Filtering: file name extensions, hidden segments",
    },
    here: { text: "Write to the name itself, without a temporary one.", option: "atomic: false" },
    reference: "measured with ProFTPD 1.3.8 and Pure-FTPd 1.0.50",
  },
  {
    id: "quota-or-disk-full",
    title: "No space, or the quota is used up",
    text: "The server's disk is full, the account has used its quota, or the file is larger than one may be.",
    clues: [
      { likelihood: "certain", replies: [452, 552] },
      {
        likelihood: "certain",
        replies: [426, 450, 451, 550, 553],
        says: /quota|disk full|no space|too (?:large|big)/i,
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "quotas of the file system (setquota)",
      ProFTPD: "mod_quotatab (QuotaEngine, its limit table), MaxStoreFileSize",
      "Pure-FTPd": "Quota (-n), MaxDiskUsage (-k), or pure-pw usermod -n -N",
      "FileZilla Server": "the disk of the mount point",
      IIS: "FSRM quotas of the directory",
      Sallyport: '"sallyport user set NAME --quota SIZE"',
    },
    here: { text: "Remove what is not needed any more, or ask for more." },
    reference: "RFC 959 §5.4 (452, 552); measured with Pure-FTPd 1.0.50 and ProFTPD 1.3.8",
  },
  {
    id: "restart-refused",
    title: "Transfers may not go on in the middle",
    text: "The server does not let transfers begin in the middle of a file (REST).",
    clues: [
      { likelihood: "certain", codes: ["SALLYPORT_RESTART_REFUSED"] },
      {
        likelihood: "certain",
        replies: [450, 451, 550, 554],
        says: /restart not permitted|append\/restart|rest(?:art)? .*not/i,
      },
    ],
    fixedBy: ["administrator", "you"],
    settings: {
      ProFTPD: "AllowStoreRestart on, AllowRetrieveRestart on",
      vsftpd: "ascii_download_enable=NO: REST works in binary mode alone",
    },
    here: { text: "Transfer the whole file: leave --resume and --segments out.", option: "resume: false" },
    reference: "RFC 3659 §5; measured with ProFTPD 1.3.8",
  },
  {
    id: "name-in-other-charset",
    title: "The name is written in another charset there",
    text: "The name has letters beyond ASCII, and the server may have it in another encoding than UTF-8.",
    clues: [
      {
        likelihood: "likely",
        replies: [501, 550, 553],
        // oxlint-disable-next-line no-control-regex -- ASCII
        when: ({ command }) => command !== undefined && /[^\x00-\x7F]/.test(command),
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "utf8_filesystem=YES; names are octets to it",
      ProFTPD: "UseEncoding UTF-8 …, or off",
      "Pure-FTPd": "names are octets to it since 1.0.48",
      IIS: "Advanced Settings: Allow UTF8",
    },
    here: { text: "Name the encoding.", flag: "--encoding windows-1252", option: "encoding" },
    reference: "RFC 2640 §3.1",
  },
  {
    id: "upload-incomplete",
    title: "The upload of this file broke off",
    text:
      "The file is what came of an upload that broke off. The server keeps it so that the upload can go on; its owner " +
      "sees it, and nobody can read it until it is whole.",
    clues: [{ likelihood: "certain", replies: [550], says: /^that upload is not complete/i }],
    fixedBy: ["you"],
    settings: {},
    here: {
      text: "Go on with the upload from where the whole file is, or remove what is there with rm.",
      flag: "put --on-existing resume",
      option: "onConflict",
    },
    reference: "RFC 3659 §5; measured with Sallyport",
  },
  {
    id: "not-there",
    title: "There is no such file",
    text: "Nothing has this name where it was looked for. Paths begin where the login does, which need not be the root of the server.",
    clues: [
      {
        likelihood: "likely",
        replies: [450, 550],
        says: /no such|not found|cannot find|can't find|does(?: not|n't) exist|failed to (?:open file|change directory)|could not get file size|cannot be listed|can't open/i,
        when: ({ replyText }) => !/permission|denied/i.test(replyText),
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "chroot_local_user, local_root say where paths begin; hide_file, deny_file hide",
      ProFTPD: "DefaultRoot, DefaultChdir say where paths begin; HideFiles hides",
      "Pure-FTPd": "ChrootEveryone (-A) says where paths begin; ProhibitDotFilesRead (-X) hides",
      pyftpdlib: "homedir of the user",
      "FileZilla Server": "Users: mount points",
      IIS: "FTP User Isolation, physical path",
      Sallyport: '"sallyport user set NAME --home PATH"',
    },
    here: { text: "See what there is with ls; a path that begins with // begins at the root." },
    reference: "RFC 959 §5.4 (550), RFC 1738 §3.2.2",
  },
  {
    id: "reading-denied",
    title: "The file may not be read",
    text: "The account may not read this file or directory.",
    clues: [
      {
        likelihood: "likely",
        replies: refusals,
        verbs: ["RETR", "LIST", "NLST", "MLSD", "MLST", "CWD", "SIZE", "MDTM"],
        says: /permission|denied|not permitted|not allowed|failed to open|can't open/i,
        when: ({ replyText }) => !/restart/i.test(replyText),
      },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "mode of the file; anon_world_readable_only, download_enable, dirlist_enable, deny_file",
      ProFTPD: "mode of the file; <Limit READ DIRS> without DenyAll",
      "Pure-FTPd": "mode of the file; ProhibitDotFilesRead (-X), AntiWarez (-s)",
      pyftpdlib: 'perm with "e", "l" and "r"',
      "FileZilla Server": "Users, mount points: Read",
      IIS: "FTP Authorization Rules: Read",
      Sallyport: '"sallyport user permit NAME PATH list,read"',
    },
    reference: "RFC 959 §5.4 (550)",
  },
  {
    id: "command-off",
    title: "The server does not have this command",
    text: "The server does not know the command, or has it switched off.",
    clues: [
      { likelihood: "likely", replies: [500, 502, 504], codes: ["SALLYPORT_COMMAND_REFUSED"] },
      { likelihood: "likely", codes: ["SALLYPORT_HASH_UNAVAILABLE"] },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "cmds_allowed, cmds_denied; chmod_enable, mdtm_write",
      ProFTPD: "mod_digest for checksums, mod_site_misc for SITE commands, <Limit …>",
      "Pure-FTPd": "NoChmod no (without -R) for SITE CHMOD",
    },
    reference: "RFC 959 §5.4 (500, 502)",
  },
  {
    id: "local-disk",
    title: "This machine's own disk",
    text: "The file system of this machine refused: the disk is full, or the directory is not yours to write.",
    clues: [
      { likelihood: "certain", codes: ["ENOSPC", "EDQUOT"] },
      { likelihood: "likely", codes: ["EACCES", "EPERM", "EROFS"], when: isLocal },
    ],
    fixedBy: ["you"],
    settings: {},
    here: { text: "Make room, or save elsewhere.", flag: "--output PATH" },
    reference: "errno(3)",
  },
];

function isOf(name: string): (facts: FailureFacts) => boolean {
  return ({ product }) => product?.name === name;
}

function isLocal({ code, replyCode }: FailureFacts): boolean {
  return replyCode === undefined && code.startsWith("SALLYPORT_LOCAL");
}
