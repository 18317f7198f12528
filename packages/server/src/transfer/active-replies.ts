import { type Endpoint, reply } from "@sallyport/protocol";
import { judgeActiveEndpoint } from "@sallyport/transport";
import type { CommandContext, Outcome } from "../command-handler.ts";

/** Remembers where the next data connection goes, unless it would reach somebody else (RFC 2577 §3, S-06, D-20). */
export function openActive(context: CommandContext, endpoint: Endpoint): Outcome {
  const { control, environment, state } = context;
  const { active } = environment.options;
  if (active?.enabled === false) return { reply: reply(502, "Active data connections are off; use EPSV.") };
  const address = endpoint.host;
  const foreign = environment.options.fxp?.addresses ?? [];
  const verdict = judgeActiveEndpoint(
    { address, port: endpoint.port },
    { controlPeerAddress: control.remoteAddress, admits: (named) => foreign.includes(named) },
  );
  if (verdict === "not-an-address") return { reply: reply(501, "That is no address and port.") };
  if (verdict !== "allowed") {
    context.emit({
      kind: "data-connection-failed",
      verb: context.verb,
      replyCode: 504,
      cause: `the client named ${address} port ${endpoint.port} for its data connection: ${refusals[verdict]}`,
      fix: "use passive mode in the client (EPSV or PASV); behind NAT it names an address that is not its own",
    });
    return { reply: reply(504, "Data connections go to your own address and to ports from 1024 up.") };
  }
  const tlsRole = state.secureClientMethod ? "client" : "server";
  context.data.setActive({ address, port: endpoint.port }, state.protectionLevel, tlsRole);
  return { reply: reply(200, "The data connection will be opened to you.") };
}

const refusals = {
  "low-port": "ports below 1024 belong to other services",
  "third-party": "that is not the address of its control connection",
  "not-a-host": "that address reaches this machine or many hosts",
} as const;
