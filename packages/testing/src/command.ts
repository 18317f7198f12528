import { fileURLToPath } from "node:url";

/** The `sallyport` launcher of this checkout: what a person types, so what a test of the command runs. */
export const sallyportCommand: string = fileURLToPath(new URL("../../../sallyport", import.meta.url));

/**
 * Options for a Node process of ours that is neither forked nor a worker (those inherit process.execArgv): with them
 * packages resolve to their TypeScript sources.
 */
export const nodeArguments: readonly string[] = ["--conditions=source"];
