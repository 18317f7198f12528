import { ConfigError } from "@sallyport/protocol";

/** Why nothing listens, with what `serve` says and ends with for the same. */
export async function webListeningFailure(
  error: unknown,
  { listen, port, flag }: { readonly listen: string; readonly port: number; readonly flag: string },
): Promise<unknown> {
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (error.code === "EADDRINUSE") {
    const { portOccupied } = await import("@sallyport/daemon");
    return portOccupied({ address: listen, port, flag }, error);
  }
  if (error.code !== "EACCES") return error;
  const message = `This user may not listen on port ${port} of ${listen}: choose a port from 1024 on with ${flag}.`;
  return new ConfigError("SALLYPORT_PORT_FORBIDDEN", message, { cause: error });
}
