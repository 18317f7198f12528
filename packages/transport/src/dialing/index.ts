export type { AddressFamily, ResolveAddresses } from "./address-race.ts";
export type { Dialer, DialOptions, DialTarget } from "./dialer.ts";
export { directDialer, type DirectDialerOptions } from "./direct-dialer.ts";
export { proxyDialer, type ProxyDialerOptions } from "./proxy-dialer.ts";
export { parseProxyUrl, type ProxyAddress, type ProxyScheme } from "./proxy-url.ts";
