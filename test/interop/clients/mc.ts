import { dirname } from "node:path";
import { type StockClient, type Task, urlHost } from "../peers/client.ts";
import { type Outcome, runProgram, type RunningProgram, startProgram } from "../peers/program.ts";

export const mc: StockClient = {
  name: "mc",
  needs: ["mc", "script"],
  testedVersion: "4.8.29",
  askVersion: (directory) => runProgram("mc", ["--version"], { directory }),
  modes: ["plain"],
  hasIpv6: true,
  operations: {
    list: (task) => atPanels(task, [remotePanel(task), task.directory], (screen) => screen.waitFor(/two words\.txt/)),
    get: (task) => atPanels(task, [remotePanel(task), dirname(task.local)], copyFirst),
    put: (task) => atPanels(task, [dirname(task.local), remotePanel(task)], copyFirst),
  },
  quirks: ["Lists with `LIST -la` in TYPE A, after `CWD` into each directory, `/.` among them."],
};

const keys = { search: "\u0013", copy: "\u001B5", quit: "\u001B0", enter: "\r" } as const;

function remotePanel({ host, port, user, password, folder }: Task): string {
  return `/ftp://${user}:${password}@${urlHost(host)}:${port}/${folder}`;
}

/** Runs mc with two panels on a terminal of its own, the first one active, and quits it. */
async function atPanels(
  task: Task,
  [active, other]: readonly [string, string],
  act: (screen: RunningProgram, task: Task) => Promise<unknown>,
): Promise<Outcome> {
  const command = `stty rows 30 cols 100; exec mc --nosubshell --nocolor --no-x11 '${active}' '${other}'`;
  await using screen = startProgram("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], {
    directory: task.directory,
    environment: { TERM: "xterm" },
  });
  await screen.waitFor(new RegExp(task.remote.replace(".", "\\.")));
  await act(screen, task);
  // It asks whether it should really leave a connection behind.
  screen.send(keys.quit + keys.enter);
  return await screen.ended;
}

async function copyFirst(screen: RunningProgram, { remote }: Task): Promise<void> {
  await screen.waitFor(/Quit/);
  screen.send(keys.search + remote + keys.enter + keys.copy);
  await screen.waitFor(/Copy file/);
  screen.send(keys.enter);
  await screen.waitFor(/Target/);
  await screen.waitFor(/Hint:/);
}
