import { availableParallelism } from "node:os";
import type { ListenerOptions } from "@sallyport/server";
import type { NotifySettings } from "../events/notify-settings.ts";
import type { ServiceSettings } from "../settings.ts";
import type { Configuration } from "./configuration.ts";

/** What a service is told by a configuration whose directory is known. */
export function serviceSettings(
  { values, limits, listeners }: Configuration,
  places: Pick<ServiceSettings, "root" | "statePath" | "listen" | "version">,
): ServiceSettings {
  const authoritiesFile = values["client-ca"];
  const [first, last] = values["passive-ports"]?.split("-").map(Number) ?? [];
  const { masquerade, listen = places.listen, fxp, greeting, hosts, "fxp-ca": fxpCa, "run-as": runAs } = values;
  const own = listeners.flatMap(({ values: said }) => listenersOf(said, values, places.listen));
  return {
    root: values.root ?? places.root,
    statePath: values.state ?? places.statePath,
    version: places.version,
    listen:
      own.length > 0 ? [...new Set(own.map(({ address }) => address))] : listen.length > 0 ? listen : places.listen,
    explicitPort: own.length > 0 ? "off" : values["explicit-port"],
    implicitPort: own.length > 0 ? "off" : values["implicit-port"],
    ...(own.length > 0 && { listeners: own }),
    requireTls: values["require-tls"],
    dataResumption: values["data-resumption"],
    uncleanDataClose: values["unclean-data-close"],
    proxyProtocolFrom: values["proxy-protocol-from"],
    durable: values.durable,
    readOnly: values["read-only"],
    anonymous: values.anonymous,
    ccc: values["allow-ccc"],
    activeMode: values.active,
    allowSymbolicLinks: values["allow-symbolic-links"],
    strictLineEnds: values["strict-line-ends"],
    strictProtectionOrder: values["strict-protection-order"],
    greeting,
    ...(hosts && { hosts }),
    ...(fxp.length > 0 && { fxp: { addresses: fxp, ...(fxpCa !== undefined && { authoritiesFile: fxpCa }) } }),
    ...(values.notify.length > 0 && { notify: notifySettings(values) }),
    ...(values.gssapi && { gssapi: gssapiSettings(values) }),
    minTlsVersion: values["min-tls"] === "1.3" ? "TLSv1.3" : "TLSv1.2",
    ...(authoritiesFile !== undefined && {
      clientCertificates: { demand: values["client-certificates"] ?? "request", authoritiesFile },
    }),
    ...(first !== undefined && last !== undefined && { passivePorts: { first, last } }),
    ...(masquerade !== undefined && { masquerade }),
    workersCount: values.workers ?? availableParallelism(),
    identities: values.cert.map((certificateFile, at) => ({ certificateFile, keyFile: values.key[at] ?? "" })),
    limits,
    ...(runAs !== undefined && { runAs }),
    allowRoot: values["allow-root"],
    graceMs: values.grace * 1000,
  };
}

function gssapiSettings(values: Configuration["values"]): NonNullable<ServiceSettings["gssapi"]> {
  const { keytab, "gssapi-service": service, "gssapi-principals": principalsFile } = values;
  return {
    ...(keytab !== undefined && { keytab }),
    ...(service !== undefined && { service }),
    ...(principalsFile !== undefined && { principalsFile }),
    login: values["gssapi-login"],
    suffices: values["gssapi-suffices"],
  };
}

function notifySettings(values: Configuration["values"]): NotifySettings {
  const { "notify-secret-file": secretFile, "notify-ca": authoritiesFile } = values;
  return {
    targets: values.notify,
    events: values["notify-events"],
    ...(secretFile !== undefined && { secretFile }),
    ...(authoritiesFile !== undefined && { authoritiesFile }),
    plainHttp: values["notify-plain-http"],
  };
}

type Said = Configuration["listeners"][number]["values"];

/** One `[[listener]]`: on every address where it names none, with the general policies where it has none. */
function listenersOf(said: Said, values: Configuration["values"], everywhere: readonly string[]): ListenerOptions[] {
  const tlsMode = said.mode ?? "explicit";
  const policies = {
    requireTls: said["require-tls"] ?? values["require-tls"],
    dataResumption: said["data-resumption"] ?? values["data-resumption"],
    uncleanDataClose: said["unclean-data-close"] ?? values["unclean-data-close"],
    proxyProtocolFrom: said["proxy-protocol-from"] ?? values["proxy-protocol-from"],
    gssapi: said["gssapi-login"] ?? values["gssapi-login"],
  };
  const port = said.port ?? (tlsMode === "implicit" ? 2990 : 2121);
  const addresses = said.address === undefined ? everywhere : [said.address];
  return addresses.map((address) => ({ tlsMode, address, port, ...policies }));
}
