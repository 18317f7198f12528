import type { ExplainEvent, FtpEvent, HandshakeFacts, TlsMode } from "./events.ts";

/** What one event means, for somebody who knows no more of TLS than that it encrypts. */
export interface Caption {
  /** One to three sentences. */
  readonly text: string;
  /** Where it is written, as in `RFC 4217 §4.2`. */
  readonly rfc: string | undefined;
}

/** What a caption goes by besides its event: earlier events of the same mode, and whether somebody stands in between. */
export interface CaptionGround {
  readonly before: readonly ExplainEvent[];
  readonly isStripped: boolean;
}

/** Says what an event means and why it is there. */
export function captionOf(event: ExplainEvent, ground: CaptionGround): Caption {
  const { text, rfc } = captionFor(event, ground);
  return { text, rfc };
}

type Said = { readonly text: string; readonly rfc?: string };

function captionFor(event: ExplainEvent, ground: CaptionGround): Caption {
  const said =
    event.connection === "data" ? (dataCaption(event) ?? controlCaption(event, ground)) : controlCaption(event, ground);
  return { text: said.text, rfc: said.rfc };
}

function controlCaption(event: ExplainEvent, ground: CaptionGround): Said {
  switch (event.kind) {
    case "connecting":
      return {
        text: `The client opens a TCP connection. Nothing is secret yet: who talks to whom, and on which port, anyone on the way sees in either mode.`,
        rfc: "RFC 9293 §3.5",
      };
    case "connected":
      return event.mode === "explicit"
        ? {
            text: "TCP stands. In explicit mode the client waits: the server speaks first, in clear.",
            rfc: "RFC 959 §5.4",
          }
        : {
            text: "TCP stands. In implicit mode nobody says a word of FTP: the client begins TLS at once, and a server that hears anything else hangs up.",
            rfc: "draft-murray-auth-ftp-ssl",
          };
    case "finished":
      return {
        text: "This direction of TCP ends (FIN). Inside TLS a close_notify came first, so that nobody can cut the end off unnoticed.",
        rfc: "RFC 8446 §6.1",
      };
    case "reset":
      return {
        text: "The connection was torn down by force (RST): nothing can be said about what was still under way.",
      };
    case "retry":
      return {
        text: "The server did not stand a ClientHello of this size: old ones stop where it needs two packets. A small one is tried.",
      };
    case "command":
      return commandCaption(event.line, event.clear);
    case "reply":
    case "text":
      return replyCaption(event, ground);
    case "messages":
      return messagesCaption(event.messages, event.mode);
    case "change-cipher-spec":
      return {
        text: "In TLS 1.3 this record means nothing: it is sent to look like TLS 1.2 to boxes on the way that would break what they do not know.",
        rfc: "RFC 8446 D.4",
      };
    case "alert":
      return {
        text: `An alert in clear: ${event.description}. Whoever sends it tells why TLS cannot go on.`,
        rfc: "RFC 8446 §6",
      };
    case "encrypted":
      return sealedCaption(event);
    case "secured":
      return {
        text: `Both ends have the same keys (${event.protocol}, ${event.suite}) and have proved it to each other. From here on FTP goes on as ever, but inside.`,
        rfc: "RFC 8446 §4.4.4",
      };
    case "verification":
      return verificationCaption(event.verdict);
    case "unreadable":
      return { text: "These octets are neither lines of FTP nor records of TLS." };
    case "problem":
      return { text: "Here it ends: the table below says why, and what to do." };
  }
}

function commandCaption(line: string, clear: boolean): Said {
  const verb = /^\S+/.exec(line)?.[0].toUpperCase() ?? "";
  const row = commands[verb];
  const seen = clear ? clearCommands[verb] : undefined;
  if (seen !== undefined) return seen;
  return row ?? { text: clear ? "A command of FTP, readable for anyone." : "A command of FTP, inside TLS." };
}

/** What is worth a word because anyone reads it. */
const clearCommands: Readonly<Record<string, Said>> = {
  USER: {
    text: "The name goes over the wire in clear: from here on anyone on the way knows it.",
    rfc: "RFC 4217 §15.1",
  },
  PASS: {
    text: "The password goes over the wire in clear; only here it is masked. Whoever took AUTH away has it now, and the client saw no error.",
    rfc: "RFC 4217 §15.1",
  },
};

const commands: Readonly<Record<string, Said>> = {
  AUTH: {
    text: "The client asks for TLS, in clear: whoever stands between can take exactly this word away. That is why a client must require TLS, and never be content with less.",
    rfc: "RFC 4217 §4.1",
  },
  USER: { text: "The name of the login, inside TLS: on the wire it is noise.", rfc: "RFC 959 §4.1.1" },
  PASS: { text: "The password, inside TLS and masked here. This is what all of it was for.", rfc: "RFC 959 §4.1.1" },
  PBSZ: {
    text: "A leftover of other mechanisms: TLS needs no buffer size, so it is always 0, but PROT may only follow it.",
    rfc: "RFC 4217 §9",
  },
  PROT: {
    text: "Asks that data connections have TLS as well (P, private). Without it names and passwords are secret, but every file goes in clear.",
    rfc: "RFC 4217 §9",
  },
  EPSV: {
    text: "Asks for a port to fetch the listing from: FTP moves files on a connection of its own.",
    rfc: "RFC 2428 §3",
  },
  PASV: {
    text: "Asks for an address and a port to fetch the listing from: FTP moves files on a connection of its own.",
    rfc: "RFC 959 §4.1.2",
  },
  LIST: { text: "Asks for a listing; it comes over the data connection.", rfc: "RFC 959 §4.1.3" },
  MLSD: { text: "Asks for a listing that programs can read; it comes over the data connection.", rfc: "RFC 3659 §7" },
  QUIT: {
    text: "Good-bye. What a client would do now, log in and move files, it does the same way in both modes.",
    rfc: "RFC 959 §4.1.1",
  },
};

function replyCaption(event: FtpEvent, { before, isStripped }: CaptionGround): Said {
  const asked = before.findLast(({ kind }) => kind === "command");
  const verb = asked?.kind === "command" ? asked.line.split(" ", 1)[0]?.toUpperCase() : undefined;
  if (event.kind === "text") return { text: "A line that is no reply of FTP." };
  if (verb === undefined) {
    return event.clear
      ? {
          text: "The server greets, in clear. Product and version in here are a present to whoever looks for weak ones.",
          rfc: "RFC 959 §5.4",
        }
      : {
          text: "The server greets, and not even that can be read: in implicit mode the first word of FTP is inside TLS already.",
        };
  }
  if (isStripped && event.clear && event.mode === "explicit" && verb !== "QUIT") {
    return {
      text: `This was not said by the server. Somebody in between has answered ${verb}, and in clear nothing tells one from the other.`,
      rfc: "RFC 4217 §15.1",
    };
  }
  if (verb === "AUTH" && event.code === 234) {
    return {
      text: "Yes: the next octet is TLS. Whatever was said up to here was not protected and has to be forgotten.",
      rfc: "RFC 4217 §4.2",
    };
  }
  if (verb === "AUTH")
    return {
      text: 'No TLS here. A client that requires it leaves now; one that takes TLS "if there is any" goes on in clear.',
      rfc: "RFC 4217 §4.2",
    };
  return event.clear
    ? { text: `The answer to ${verb}, readable for anyone.` }
    : { text: `The answer to ${verb}, inside TLS.` };
}

function messagesCaption(messages: readonly HandshakeFacts[], mode: TlsMode): Said {
  const [first] = messages;
  if (first === undefined)
    return { text: "Part of a message of the handshake, which goes on in the next record.", rfc: "RFC 8446 §5.1" };
  switch (first.kind) {
    case "client-hello":
      return {
        text: `The client's offer: versions, suites, groups, half of a key exchange, and in clear the name of the server it wants${mode === "implicit" ? ". This is the first thing that it says at all" : ""}. None of it is secret; the keys that come of it are.`,
        rfc: "RFC 8446 §4.1.2",
      };
    case "server-hello":
      return first.retryRequest
        ? {
            text: "The server knows none of the groups that the client sent a key for, and asks for another one. It costs a round trip.",
            rfc: "RFC 8446 §4.1.4",
          }
        : {
            text: `The server's choice, and its half of the key exchange. ${first.version === "TLS 1.3" ? "From the next record on everything is encrypted, even the certificate" : "In TLS 1.2 the certificate still follows in clear"}.`,
            rfc: "RFC 8446 §4.1.3",
          };
    case "certificate":
      return {
        text: "The certificate, in clear: before TLS 1.3 anyone on the wire learns who the server is.",
        rfc: "RFC 5246 §7.4.2",
      };
    case "server-key-exchange":
      return {
        text: "The server's half of the key exchange, signed with the key of its certificate: nobody else can have made it.",
        rfc: "RFC 8422 §5.4",
      };
    case "new-session-ticket":
      return { text: "A ticket, by which a data connection can continue this TLS.", rfc: "RFC 5077" };
    case "encrypted-extensions":
    case "certificate-verify":
    case "other":
      return { text: "A message of the handshake.", rfc: "RFC 8446 §4" };
  }
}

function sealedCaption(event: Extract<ExplainEvent, { kind: "encrypted" }>): Said {
  const { opened } = event;
  if (opened?.kind === "handshake") {
    const names = opened.messages.map(({ name }) => name);
    if (names.includes("Certificate") || names.some((name) => /^certificate$/i.test(name))) {
      return {
        text: "The certificate and the proof that the server has its key, encrypted already: in TLS 1.3 the wire does not show who answers.",
        rfc: "RFC 8446 §4.4",
      };
    }
    if (opened.messages.some(({ kind }) => kind === "new-session-ticket")) {
      return {
        text: "A ticket: with it the client can pick this TLS up again on a data connection, and so prove that both belong to the same login.",
        rfc: "RFC 8446 §4.6.1",
      };
    }
    if (names.some((name) => /finished/i.test(name))) {
      return {
        text: "Finished: a fingerprint of the whole handshake. If anyone had changed one octet of it on the way, it would not fit.",
        rfc: "RFC 8446 §4.4.4",
      };
    }
    return { text: "Messages of the handshake, encrypted.", rfc: "RFC 8446 §4.3" };
  }
  if (opened?.kind === "alert") {
    return {
      text: `An alert inside TLS: ${opened.description}. ${opened.description === "close_notify" ? 'It says "this is really the end", so that a cut wire cannot pass for it.' : ""}`,
      rfc: "RFC 8446 §6",
    };
  }
  return {
    text: "On the wire: a header of five octets and noise. Anyone sees that something was said, when, and how long it was; nobody sees what.",
    rfc: "RFC 8446 §5.2",
  };
}

function verificationCaption(verdict: "verified" | "failed" | "not-asked"): Said {
  if (verdict === "verified") {
    return {
      text: "An authority that the client trusts vouches that the key is this server's. Without this check TLS is a secret talk with a stranger.",
      rfc: "RFC 9525",
    };
  }
  return verdict === "failed"
    ? {
        text: "Nobody that the client trusts vouches for this key: it may be the server's, or that of somebody in between. No password may go here.",
        rfc: "RFC 9525",
      }
    : { text: "The check was left out, as asked: encrypted, but for whom is not known.", rfc: "RFC 9525" };
}

function dataCaption(event: ExplainEvent): Said | undefined {
  switch (event.kind) {
    case "connecting":
      return {
        text: "The data connection: a second TCP connection, to the port that the server just named. A file or a listing goes over it, and it is gone.",
        rfc: "RFC 959 §3.3",
      };
    case "connected":
      return {
        text: "It has to become TLS as well, by PROT P, and here is the weak spot of FTP: how does the server know who came to this port?",
        rfc: "RFC 4217 §9",
      };
    case "messages":
      return event.messages.some((message) => message.kind === "client-hello")
        ? {
            text: "The ClientHello of the data connection brings the ticket of the control connection: only who holds that login's keys has it.",
            rfc: "RFC 8446 §2.2",
          }
        : {
            text: "The server takes the ticket up: no certificate is shown again, and the data belongs to this login and no other.",
            rfc: "RFC 8446 §2.2",
          };
    case "secured":
      return event.resumed === true
        ? {
            text: "Resumed: this TLS continues that of the control connection. A thief who guessed the port would have no ticket for it.",
          }
        : {
            text: "A full handshake of its own: the server cannot tell by it that this is the client that logged in.",
            rfc: "RFC 4217 §7",
          };
    case "reply":
    case "text":
      return { text: "A line of the listing, inside TLS." };
    case "finished":
    case "reset":
    case "retry":
    case "command":
    case "change-cipher-spec":
    case "alert":
    case "encrypted":
    case "verification":
    case "unreadable":
    case "problem":
      return undefined;
  }
}
