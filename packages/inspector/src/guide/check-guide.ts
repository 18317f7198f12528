import type { FixName } from "../checks/check.ts";

/** Why a check is made, and which remedies its findings have. */
export interface GuideEntry {
  /** Whole sentences: what it is about, and what an attacker or a client makes of a fault. */
  readonly why: string;
  readonly fixes: readonly FixName[];
}

/** What there is to know about each check, by its ID. */
export const checkGuide: Readonly<Record<string, GuideEntry>> = {
  M1: {
    why: "In explicit mode the server speaks first, in clear; in implicit mode nobody speaks before the ClientHello. A server that answers text on the implicit port lets a client that was led there by mistake send its password in clear.",
    fixes: ["explicit-tls", "implicit-tls"],
  },
  M2: {
    why: "Explicit TLS begins with AUTH TLS. A server that refuses it has nothing but clear text on that port; one that takes a mechanism which nobody has answers without understanding.",
    fixes: ["explicit-tls", "server-update"],
  },
  M3: {
    why: "Explicit TLS is the standard (RFC 4217), implicit TLS what some clients and devices still know alone. Either is as safe as the other where a login in clear is refused.",
    fixes: ["explicit-tls"],
  },
  M4: {
    why: "Verbs mean the same in capitals and small letters, several may come in one segment, and AUTH inside TLS or behind a login must not begin anew: clients rely on the first two, and the third would let somebody change what was agreed.",
    fixes: ["server-update"],
  },
  M5: {
    why: "RFC 4217 lets data begin in clear until PROT P. Clients of implicit mode often send neither PBSZ nor PROT, and take for granted that data is encrypted as well: where it is not, their files go in clear without anybody noticing.",
    fixes: ["data-clear"],
  },
  P1: {
    why: "A server that offers TLS and also takes USER and PASS in clear leaves the choice to the client, and to whoever is in between: striking AUTH TLS out of FEAT is enough to make many clients log in in clear. Only a server that refuses keeps the password secret in every case.",
    fixes: ["login-clear", "explicit-tls"],
  },
  P2: {
    why: "PROT decides whether data is encrypted, CCC ends the encryption of commands after the login. With CCC, whoever is on the way reads names and can insert commands into a login that somebody else made.",
    fixes: ["clear-control"],
  },
  P3: {
    why: "With PROT C files and listings go in clear although the login was encrypted. A server can refuse that for every client, and should, since nobody sees it in the client.",
    fixes: ["data-clear"],
  },
  P4: {
    why: "Behind reply 234 only a TLS handshake may follow. A server that goes on in clear when the handshake fails lets whoever breaks it listen to the rest.",
    fixes: ["server-update"],
  },
  P5: {
    why: "Somebody in between can append a command to AUTH TLS in the same packet. A server that keeps it in its buffer obeys it inside TLS, as if the client had sent it there: a command that nobody encrypted is taken for one that was.",
    fixes: ["injection"],
  },
  P6: {
    why: "A reply that somebody in between puts behind the 234, in clear and before the handshake, must not count inside TLS. Clients that keep it in their buffer take it for the answer to what they ask there, under a server's name.",
    fixes: [],
  },
  P7: {
    why: "REIN starts over. RFC 4217 lets the server return to clear text with it; a client has to know that the next USER may go in clear.",
    fixes: [],
  },
  D1: {
    why: "PASV names an address. One of a private network leads clients nowhere, one of another host leads them there: clients that obey it can be sent anywhere. Clients that know better use the address of the control connection, or EPSV, which names none.",
    fixes: ["passive-address"],
  },
  D2: {
    why: "Whoever connects to a passive port first gets the data, if nothing ties the connection to its login. Ports that follow one another are guessed at once.",
    fixes: ["passive-ports"],
  },
  D3: {
    why: "The data connection makes a TLS handshake of its own. Only where it shows the certificate that the control connection has shown does a client know that it talks to the same server.",
    fixes: ["data-certificate"],
  },
  D4: {
    why: "A data connection that resumes the TLS of its control connection proves that the same client opened it, without another password. A server that demands it shuts out whoever guessed the port; one that cannot do it makes each transfer slower, too.",
    fixes: ["resumption", "resumption-between-servers"],
  },
  D5: {
    why: "Resumption ties data to its login only if the ticket of another login does not open it. A server with one ticket key for everybody lets every user who may log in take the data connections of all others.",
    fixes: ["resumption-binding"],
  },
  D6: {
    why: "TLS ends with close_notify; a connection that is cut ends without. A file of unknown length that ends without may be the beginning of one, cut by whoever is in between, and passes for whole.",
    fixes: ["close-notify"],
  },
  D7: {
    why: "Transfers are broken off, and files are empty: a server that then waits, answers twice or loses the control connection makes clients hang or take one reply for another.",
    fixes: ["server-update"],
  },
  D8: {
    why: "PORT and EPRT name where the server connects to. A server that obeys any address scans ports and sends files for others (the FTP bounce attack of 1997), from inside of networks that the attacker cannot reach.",
    fixes: ["bounce"],
  },
  F1: {
    why: "FEAT tells clients what they may use. What it leaves out is not used; what it promises and the server does not have fails in the middle of something.",
    fixes: [],
  },
  F2: {
    why: "A version in the greeting tells whoever scans the network which servers have a known hole. It hides nothing from an attacker who tries, and spares the server all those who only look.",
    fixes: ["version-leak"],
  },
  F3: {
    why: "An anonymous login lets everybody in. That is meant on some servers; where it is not, it is the widest of doors, above all where strangers may write.",
    fixes: ["anonymous"],
  },
  F4: {
    why: "A server that answers differently for users that exist tells strangers whom to guess the passwords of, and one that lets them guess without end lets them find out.",
    fixes: ["server-update"],
  },
  F5: {
    why: "What no client sends, an attacker does: lines without end, octets that are no text, paths that climb. A server says no to them, and goes on.",
    fixes: ["server-update"],
  },
  T1: {
    why: "TLS 1.0 and 1.1 are deprecated (RFC 8996), SSL 2.0 and 3.0 broken: whoever is in between can make two ends that know an old version agree on it. TLS 1.3 is faster and hides the certificate.",
    fixes: ["tls-versions"],
  },
  T2: {
    why: "A suite decides how data is encrypted. Those without encryption or authentication, of EXPORT, RC4 and 3DES are broken or nearly so; what a server offers, a misled client takes.",
    fixes: ["tls-suites"],
  },
  T3: {
    why: "The group of the key exchange decides how hard it is to compute the keys of what was recorded. X25519MLKEM768 resists quantum computers as well, and makes the ClientHello larger than one segment: servers that read only one fail with present-day clients.",
    fixes: ["tls-groups", "tls-suites", "server-update"],
  },
  T4: {
    why: "With forward secrecy a key that is stolen later opens nothing that was recorded before. RSA key transport has none; primes that everybody uses and keys that are used again give some of it away.",
    fixes: ["tls-suites", "server-update"],
  },
  T5: {
    why: "The server signs the handshake to prove that it has the key. Collisions of SHA-1 can be bought: a signature with it may be one for something else.",
    fixes: ["tls-suites"],
  },
  T6: {
    why: "Secure renegotiation and the extended master secret close holes in TLS 1.2 by which two connections are passed for one (Triple Handshake). Tickets should end, and none should let data go before the handshake: it can be sent again by whoever recorded it.",
    fixes: ["server-update", "tls-suites", "early-data"],
  },
  T7: {
    why: "Leftovers that cost servers their secrets: compression tells by its length what is inside (CRIME), the heartbeat read memory (Heartbleed), a change of keys before there were any made them known (CVE-2014-0224). Nothing needs them.",
    fixes: ["server-update"],
  },
  T8: {
    why: "Clients that try again with an older version after a failure say so with TLS_FALLBACK_SCSV. A server that knows it refuses, for the failure was the work of somebody in between.",
    fixes: ["server-update"],
  },
  T9: {
    why: "TLS alone does not say which protocol is inside. A browser that is led to an FTP server with a fitting certificate sends its cookies there, and may get its own words back as a page (ALPACA). ALPN tells protocols apart; a server can also hang up on words that no FTP client says.",
    fixes: ["tls-alpn"],
  },
  T10: {
    why: "The hello names the host that is meant. A server that fails without a name or with an odd one shuts out clients that connect by address, or that put the port into the name.",
    fixes: ["server-update"],
  },
  T11: {
    why: "New versions of clients offer values that old servers do not know. A server has to pass over them (RFC 8701); one that fails today fails with everybody tomorrow.",
    fixes: ["server-update"],
  },
  T12: {
    why: "Where both modes have the same certificate, whoever is in between can connect a client of one to the other (Opossum). The two ends then see different replies. Between the modes of FTP little comes of it; it is told, not graded.",
    fixes: [],
  },
  T13: {
    why: "A server may ask for a client certificate, and say which authorities it takes. In TLS up to 1.2 everybody on the way reads those names, and the certificate.",
    fixes: [],
  },
  C1: {
    why: "A certificate proves who the server is only if an authority that the client trusts vouches for it, over a chain that is sent whole. Without, clients are taught to ignore the warning, and then nothing tells an attacker from the server.",
    fixes: ["certificate-trust", "certificate-chain"],
  },
  C2: {
    why: "The certificate has to name the host that the client asked for, as a subject alternative name: the common name has not counted since 2011 (RFC 6125).",
    fixes: ["certificate-name"],
  },
  C3: {
    why: "A certificate that has expired stops every careful client at once. Fourteen days are time enough to renew it by hand.",
    fixes: ["certificate-renew"],
  },
  C4: {
    why: "A key that is too short can be computed, a signature with a broken digest forged. RSA from 2048 bits and the curves from 256 are beyond reach.",
    fixes: ["certificate-key"],
  },
  C5: {
    why: "A certificate says what it is for. One that is not for servers, or is that of an authority, is refused by careful clients, and dangerous on a server.",
    fixes: ["certificate-trust"],
  },
  C6: {
    why: "A certificate whose key leaked is revoked. Clients find out by an OCSP response that the server sends along, or by lists; where the certificate promises the response, its absence stops them.",
    fixes: ["certificate-staple", "certificate-renew"],
  },
  C7: {
    why: "Public authorities write down every certificate in logs, and prove it by timestamps in it. One without is from an authority of one's own, which is fine, or from one that went behind the logs.",
    fixes: ["certificate-renew"],
  },
  C8: {
    why: "One server has one certificate. Two make it hard to pin, and one of them is the one that nobody renews.",
    fixes: [],
  },
  C9: {
    why: "Old clients know RSA alone, ECDSA is shorter and faster. A server with a certificate for each kind serves both.",
    fixes: [],
  },
  X1: {
    why: "A TLSA record says in the name system which certificate the server has, beside all authorities. One that does not fit stops the clients that look; a CAA record says which authorities may issue one at all.",
    fixes: ["certificate-tlsa"],
  },
  X2: {
    why: "A name may lead to addresses of both families. Where one of them does not answer, clients wait before they try the other, and some never do.",
    fixes: ["addresses"],
  },
  X3: {
    why: "Records that say where the service is help clients that look for them; those that lead somewhere else mislead them.",
    fixes: ["addresses"],
  },
};
