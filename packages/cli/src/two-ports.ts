import { UsageError } from "@sallyport/protocol";

/**
 * Refuses one port for both modes.
 *
 * @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION.
 */
export function requireTwoPorts(ports: {
  readonly explicitPort: number | "off";
  readonly implicitPort: number | "off";
}): void {
  const { explicitPort, implicitPort } = ports;
  if (explicitPort !== implicitPort || explicitPort === 0 || explicitPort === "off") return;
  const message = `--explicit-port and --implicit-port are both ${explicitPort}: give each a port of its own.`;
  throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", message);
}
