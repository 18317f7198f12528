import { Gateway } from "@sallyport/web";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { argv, execPath } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A gateway in a process of its own, which can be killed as a machine kills it. */
export interface GatewayProcess {
  readonly port: number;
  readonly pid: number;
  /** By SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

const file = fileURLToPath(import.meta.url);

export async function spawnGateway(
  authorities: string,
  port = 0,
  nodeOptions: readonly string[] = [],
): Promise<GatewayProcess> {
  const words = ["--conditions=source", ...nodeOptions, file, String(port)];
  const child = spawn(execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(authorities);
  const exited = once(child, "exit");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    port: Number(line),
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

if (argv[1] === file) {
  let authorities = "";
  for await (const text of process.stdin) authorities += String(text);
  const gateway = await Gateway.start({ listen: "127.0.0.1", port: Number(argv[2]), version: "0.0.0", authorities });
  process.stdout.write(`${gateway.port}\n`);
}
