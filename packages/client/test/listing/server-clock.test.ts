import { connect, type ClientOptions, profileFile } from "@sallyport/client";
import { makeTestIdentity, needs, peerNeeds } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { KnownServer } from "../../src/profile/known-server.ts";
import { ServerClock } from "../../src/listing/server-clock.ts";
import { realServers } from "../real-servers.ts";
import { type ScriptedServer, startScriptedServer } from "../scripted-server.ts";

const identity = makeTestIdentity({ names: ["127.0.0.1", "localhost"] });
const folder = await mkdtemp(join(tmpdir(), "sallyport-clock-"));
after(() => rm(folder, { recursive: true }));

/** Of this year's winter and summer, the latest that are over. */
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const files: ReadonlyMap<string, number> = new Map([
  ["winter", Date.UTC(2024, 0, 15, 12, 34, 56)],
  ["summer", Date.UTC(2024, 6, 15, 12, 34, 56)],
  ["late", Date.UTC(2024, 6, 15, 23, 30, 0)],
]);

/** A server without MLSD that lists in a zone of its own, as one with its clock in Berlin does, and tells MDTM in UTC. */
function berlin({ mdtm = true } = {}): Promise<ScriptedServer> {
  const shown = (instantMs: number): string => {
    const [date = "", time = ""] = new Date(instantMs)
      .toLocaleString("sv-SE", { timeZone: "Europe/Berlin" })
      .split(" ");
    const [year, month, day] = date.split("-");
    return `${months[Number(month) - 1]} ${day} ${year} ${time.slice(0, 5)}`;
  };
  return startScriptedServer(
    {
      FEAT: () => "211-Features\r\n MDTM\r\n UTF8\r\n211 End",
      LIST: async (login) => {
        login.reply("150 coming");
        // As `ls -l --time-style=+"%b %d %Y %H:%M"` of an embedded server.
        const lines = [...files].map(([name, ms]) => `-rw-r--r-- 1 a b 19 ${shown(ms)} ${name}\r\n`);
        (await login.data()).end(lines.join(""));
        return "226 done";
      },
      MDTM: (_, name) => {
        const instantMs = files.get(name.split("/").at(-1) ?? "");
        if (!mdtm || instantMs === undefined) return "550 no";
        return `213 ${new Date(instantMs).toISOString().replaceAll(/[-:T]|\..*/g, "")}`;
      },
    },
    { tls: { cert: identity.certificate, key: identity.key } },
  );
}

async function listed(server: ScriptedServer, options: ClientOptions = {}) {
  const before = server.heard.length;
  const url = `alice:secret@127.0.0.1:${server.port}`;
  await using client = await connect(url, { security: "explicit", tls: { ca: identity.ca }, ...options });
  const entries = await Array.fromAsync(client.list());
  const asked = server.heard.slice(before).filter((line) => line.startsWith("MDTM")).length;
  return { asked, times: new Map(entries.map(({ name, modified }) => [name, modified])) };
}

test("the zone of a listing is found out from a few times, and remembered with its seasons", async () => {
  await using server = await berlin();
  const profiles = profileFile(join(folder, "servers.json"));
  for (const asks of [3, 0]) {
    // oxlint-disable-next-line no-await-in-loop -- one run after the other
    const { asked, times } = await listed(server, { profiles });
    assert.equal(asked, asks);
    for (const [name, instantMs] of files) {
      const modified = times.get(name);
      assert.equal(modified?.instant?.getTime(), Math.floor(instantMs / 60_000) * 60_000, name);
      assert.equal(modified?.precisionMs, 60_000);
      assert.equal(modified?.zone, "server");
    }
  }
});

test("a zone by name keeps summer time, an offset does not, and nobody is asked", async () => {
  await using server = await berlin();
  const named = await listed(server, { timeZone: "Europe/Berlin" });
  assert.equal(named.asked, 0);
  assert.equal(named.times.get("summer")?.instant?.toISOString(), "2024-07-15T12:34:00.000Z");
  assert.equal(named.times.get("winter")?.instant?.toISOString(), "2024-01-15T12:34:00.000Z");
  const fixed = await listed(server, { timeZone: "+01:00" });
  assert.equal(fixed.times.get("summer")?.instant?.toISOString(), "2024-07-15T13:34:00.000Z");
  await assert.rejects(listed(server, { timeZone: "Mars/Olympus" }), { code: "SALLYPORT_TIME_ZONE_UNKNOWN" });
});

test("where MDTM tells nothing a time has no instant, and is not asked for over and over", async () => {
  await using server = await berlin({ mdtm: false });
  const { asked, times } = await listed(server);
  assert.equal(asked, 2);
  assert.deepEqual(
    [...times.values()].map((modified) => [modified?.instant, modified?.zone]),
    Array.from(files, () => [undefined, "unknown"]),
  );
});

test("the hour that comes twice is as doubtful as it is", () => {
  const clock = new ServerClock("Europe/Berlin", new KnownServer());
  const time = {
    hour: 2,
    minute: 30,
    second: undefined,
    fraction: undefined,
    zone: "server",
    precision: "minute",
  } as const;
  const placed = clock.place({ ...time, year: 2024, month: 10, day: 27, isOrderAssumed: false });
  assert.deepEqual(placed, { instantMs: Date.UTC(2024, 9, 27, 0, 30), precisionMs: 3_660_000 });
  assert.equal(clock.place({ ...time, year: 2024, month: 3, day: 2, isOrderAssumed: true }), undefined);
});

const vsftpd = realServers.find(({ name }) => name === "vsftpd");
test("vsftpd, which lists by LIST alone, tells times to the minute", { skip: needs(...peerNeeds.vsftpd) }, async () => {
  await using server = await vsftpd?.start();
  assert.ok(server !== undefined);
  const instant = new Date(Math.floor((Date.now() - 40 * 86_400_000) / 1000) * 1000);
  await writeFile(join(server.served, "dated"), "x");
  await utimes(join(server.served, "dated"), instant, instant);
  await using client = await server.connect("explicit");
  const entries = await Array.fromAsync(client?.list() ?? []);
  const modified = entries.find(({ name }) => name === "dated")?.modified;
  assert.equal(modified?.instant?.getTime(), Math.floor(instant.getTime() / 60_000) * 60_000);
  assert.deepEqual(client?.profile.facts.zone?.value.includes("UTC+00:00"), true);
});
