import type { FailureCause } from "../explanation.ts";

/** Names, passwords and who may come in at all. */
export const loginCauses: readonly FailureCause[] = [
  {
    id: "tls-required",
    title: "The server wants TLS",
    text: "The server takes names and passwords under TLS alone, and the connection is in clear.",
    clues: [
      {
        likelihood: "certain",
        replies: [421, 503, 530, 534, 550],
        says: /(?:ssl|tls|encrypt|cleartext|secure|AUTH\b).*(?:require|must|needed|not accepted|only|first|reconnect)|must use encryption/i,
        when: ({ circumstances }) => circumstances.tlsVersion === undefined && circumstances.isGssapi !== true,
      },
    ],
    fixedBy: ["you"],
    settings: {
      vsftpd: "force_local_logins_ssl=NO (makes passwords readable on the way)",
      ProFTPD: "TLSRequired off (makes passwords readable on the way)",
      "Pure-FTPd": "TLS 1 (-Y 1) in place of 2 or 3 (makes passwords readable on the way)",
      pyftpdlib: "tls_control_required = False (makes passwords readable on the way)",
      "FileZilla Server": "Server listeners: Explicit FTP over TLS and insecure plain FTP",
      IIS: "FTP SSL Settings: Allow SSL connections",
      Sallyport: 'require-tls = "none" (makes passwords readable on the way)',
    },
    here: { text: "Leave --plain out: ftp:// already means TLS.", flag: "--explicit", option: 'security: "explicit"' },
    reference: "RFC 4217 §11, RFC 2228 §4",
  },
  {
    id: "password-wrong",
    title: "Wrong name or password",
    text: "The name or the password is wrong. Servers do not say which, so that nobody learns who has an account.",
    clues: [
      { likelihood: "likely", codes: ["SALLYPORT_LOGIN_REFUSED"], verbs: ["PASS", "ACCT"], when: saysNothingElse },
    ],
    fixedBy: ["you"],
    settings: {
      vsftpd: "pam_service_name=vsftpd: /etc/pam.d/vsftpd says where passwords are looked up",
      ProFTPD: "AuthOrder, AuthUserFile",
      "Pure-FTPd": "PureDB (-l puredb:…): after pure-pw changes, pure-pw mkdb",
      pyftpdlib: "authorizer.add_user(…)",
      "FileZilla Server": "Users: enabled, password",
      IIS: "FTP Authentication: Basic Authentication enabled",
      Sallyport: '"sallyport user password NAME"',
    },
    here: { text: "Type the password again, and see in the dialogue which name is sent.", flag: "--verbose" },
    reference: "RFC 2577 §6",
  },
  {
    id: "account-closed",
    title: "The account is locked or may not use FTP",
    text: "The account is locked, has a shell that /etc/shells does not list, or is on a list of those who may not use FTP.",
    clues: [
      {
        likelihood: "likely",
        codes: ["SALLYPORT_LOGIN_REFUSED"],
        says: /can't trust you|account.*(?:disabled|locked|expired)|shell/i,
      },
      { likelihood: "possible", codes: ["SALLYPORT_LOGIN_REFUSED"], verbs: ["PASS", "ACCT"], when: saysNothingElse },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "pam_shells and pam_listfile (/etc/ftpusers) in /etc/pam.d/vsftpd",
      ProFTPD: "RequireValidShell off, UseFtpUsers off (/etc/ftpusers), RootLogin",
      "Pure-FTPd": "MinUID (-u), UnixAuthentication and /etc/shells",
      "FileZilla Server": "Users: User is enabled",
      IIS: "FTP Authorization Rules",
      Sallyport: '"sallyport user list" shows who is disabled or expired',
    },
    reference: "measured with vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50",
  },
  {
    id: "password-wrong-lately",
    title: "Refused for a moment after a wrong password",
    text:
      "A wrong password came from your address a moment ago, so the server takes no connection from there for some " +
      "seconds, whatever the password. Each further wrong one makes the wait longer.",
    clues: [
      { likelihood: "certain", replies: [421], says: /wrong password .*moment/i },
      // Implicit TLS is closed without a word.
      {
        likelihood: "possible",
        codes: ["SALLYPORT_CONNECTION_LOST"],
        when: ({ dialogue, circumstances }) => dialogue.length === 0 && circumstances.security === "implicit",
      },
    ],
    fixedBy: ["you"],
    settings: { Sallyport: "limits.loginDelayMs, limits.loginDelayMaxMs" },
    here: { text: "Wait some seconds, and log in again with the right password: it will be let in then." },
    reference: "RFC 2577 §5",
  },
  {
    id: "user-not-listed",
    title: "The name itself is refused",
    text: "The server refuses the name before it asks for a password: it is on its list of those who may not log in, or not on that of those who may.",
    clues: [
      {
        likelihood: "likely",
        codes: ["SALLYPORT_LOGIN_REFUSED"],
        verbs: ["USER"],
        says: /permission denied|not allowed|denied|cannot log ?in|access/i,
      },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "userlist_enable, userlist_deny and the names in userlist_file (/etc/vsftpd.user_list)",
      ProFTPD: "<Limit LOGIN> AllowUser, DenyUser",
      "Pure-FTPd": "MinUID (-u), NoAnonymous (-E)",
      pyftpdlib: "authorizer.add_user(…)",
      IIS: "FTP Authorization Rules",
    },
    reference: "vsftpd.conf(5), measured with vsftpd 3.0.3",
  },
  {
    id: "anonymous-off",
    title: "Anonymous logins are off",
    text: "You are logging in as anonymous, and the server has that switched off, or not under TLS.",
    clues: [
      {
        likelihood: "certain",
        codes: ["SALLYPORT_LOGIN_REFUSED"],
        when: ({ replyText, dialogue }) => /(?<!non-)anonymous/i.test(replyText) || saysAnonymous(dialogue),
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "anonymous_enable=YES; under TLS allow_anon_ssl=YES as well",
      ProFTPD: "an <Anonymous> section",
      "Pure-FTPd": "NoAnonymous no (without -E)",
      pyftpdlib: "authorizer.add_anonymous(…)",
      "FileZilla Server": "Users: a user named anonymous",
      IIS: "FTP Authentication: Anonymous Authentication",
      Sallyport: "anonymous",
    },
    here: { text: "Name yourself: NAME@HOST in the URL.", flag: "--user NAME", option: "user" },
    reference: "RFC 1635",
  },
  {
    id: "home-writable-in-jail",
    title: "vsftpd stops at a home that its owner can write",
    text:
      "vsftpd refuses to lock a user into a directory that he can write (500 OOPS: refusing to run with writable root " +
      "inside chroot). It says so in clear in the middle of TLS, which no client may believe, so the connection just breaks.",
    clues: [
      { likelihood: "certain", says: /writable root inside chroot/ },
      {
        likelihood: "likely",
        codes: ["SALLYPORT_CONNECTION_LOST"],
        error: /BAD_RECORD_TYPE|WRONG_VERSION_NUMBER|bad record type|wrong version number/i,
        when: ({ dialogue }) => dialogue.at(-1)?.startsWith("PASS") === true,
      },
    ],
    fixedBy: ["administrator"],
    settings: { vsftpd: "allow_writeable_chroot=YES, or chmod a-w on the home with a writable directory below it" },
    here: { text: "The server's own log, or --plain on a machine of your own, shows the sentence." },
    reference: "measured with vsftpd 3.0.3",
  },
  {
    id: "home-missing",
    title: "The home directory is not there",
    text: "The password was right, and the account's home directory is missing or closed to the server.",
    clues: [
      {
        likelihood: "certain",
        says: /cannot change directory|home directory not available|unable to set up.*chroot|cannot log ?in.*home/i,
      },
      {
        likelihood: "possible",
        codes: ["SALLYPORT_CONNECTION_LOST"],
        error: /BAD_RECORD_TYPE|WRONG_VERSION_NUMBER|bad record type|wrong version number/i,
      },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "local_root, the home in /etc/passwd and its permissions; SELinux: ftp_home_dir",
      ProFTPD: "DefaultRoot, the home in AuthUserFile and its permissions",
      "Pure-FTPd": "CreateHomeDir yes (-j)",
      "FileZilla Server": "Users: mount points",
      IIS: "FTP User Isolation",
      Sallyport: '"sallyport user set NAME --home PATH"',
    },
    reference: "measured with vsftpd 3.0.3 and Pure-FTPd 1.0.50",
  },
  {
    id: "too-many-connections",
    title: "Too many connections",
    text: "The server has as many connections as it takes: in all, from your address, or of this account.",
    clues: [
      {
        likelihood: "certain",
        replies: [421, 450, 530],
        says: /too many(?! wrong passwords)|maximum|already (?:logged in|connected)|more than \d+ connections/i,
      },
      { likelihood: "possible", codes: ["SALLYPORT_SERVICE_CLOSING"], replies: [421], when: saysLittle },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "max_per_ip, max_clients",
      ProFTPD: "MaxClientsPerHost, MaxClientsPerUser, MaxClients, MaxInstances",
      "Pure-FTPd": "MaxClientsPerIP (-C), MaxClientsNumber (-c), PerUserLimits (-y)",
      pyftpdlib: "max_cons_per_ip, max_cons of FTPServer",
      "FileZilla Server": "Connection limits of users and groups",
      IIS: "Advanced Settings: Max Connections",
      Sallyport: "max-per-host, max-connections",
    },
    here: {
      text: "Ask for fewer at a time, and wait for those that an earlier program left behind.",
      flag: "--parallel 1",
      option: "pool: { max: 1 }",
    },
    reference: "RFC 959 §5.4 (421)",
  },
  {
    id: "service-misconfigured",
    title: "The server's own configuration is broken",
    text: "The server starts and refuses everybody, because of its own settings; its reply says which.",
    clues: [
      { likelihood: "certain", says: /\bOOPS:/, when: ({ replyText }) => !/chroot|change directory/.test(replyText) },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: 'the one that the reply names; for "both local and anonymous access disabled" local_enable=YES',
    },
    reference: "measured with vsftpd 3.0.3",
  },
];

/** Whether the reply speaks of nothing that has a cause of its own. */
function saysNothingElse({
  replyText,
  dialogue,
}: {
  readonly replyText: string;
  readonly dialogue: readonly string[];
}): boolean {
  return (
    !/too many|maximum|already|tls|ssl|encrypt|anonymous|can't trust you/i.test(replyText) && !saysAnonymous(dialogue)
  );
}

function saysLittle({ replyText }: { readonly replyText: string }): boolean {
  return !/tls|ssl|encrypt|cleartext|time.?out|idle|inactiv/i.test(replyText);
}

function saysAnonymous(dialogue: readonly string[]): boolean {
  return dialogue.some((line) => /^USER (?:anonymous|ftp)$/i.test(line));
}
