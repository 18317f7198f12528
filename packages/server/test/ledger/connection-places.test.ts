import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { limitValues } from "@sallyport/protocol";
import { ConnectionPlaces } from "../../src/ledger/connection-places.ts";

const patient = { connectionsCount: 3, connectionsPerHostCount: 2, connectionPlaceWaitMs: 60_000 };

describe("places for control connections", () => {
  it("S-15 one that finds no place is woken by the end of another of its host", async () => {
    const places = placesOf(["a", "a"], patient);
    const waits = places.untilOneIsFree("a");
    places.release(1);
    await waits;
    assert.equal(places.lackOf("a"), undefined);
  });

  it("S-15 a place of the server goes to the first whose host has room as well", async () => {
    const places = placesOf(["a", "a", "b"], patient);
    const woken: string[] = [];
    void places.untilOneIsFree("a").then(() => woken.push("a"));
    const other = places.untilOneIsFree("c").then(() => woken.push("c"));
    places.release(3);
    await other;
    assert.deepEqual(woken, ["c"]);
  });

  it("S-15 nobody waits longer than connectionPlaceWaitMs", async () => {
    const places = placesOf(["a", "a"], { ...patient, connectionPlaceWaitMs: 20 });
    const beginMs = performance.now();
    await places.untilOneIsFree("a");
    assert.ok(performance.now() - beginMs > 15);
    assert.equal(places.lackOf("a"), "this address has too many connections");
  });

  it("S-15 neither a host nor the server has more waiting than the limits say", async () => {
    const places = placesOf(["a", "a"], { ...patient, connectionsAwaitingPlaceCount: 3 });
    const woken: string[] = [];
    const wait = (host: string) => void places.untilOneIsFree(host).then(() => woken.push(host));
    wait("a");
    wait("a");
    await places.untilOneIsFree("a");
    places.take(3, "b");
    wait("b");
    await places.untilOneIsFree("c");
    assert.deepEqual(woken, []);
    for (const connection of [1, 2, 3]) places.release(connection);
    await setImmediate();
    assert.deepEqual(woken, ["a", "a", "b"]);
  });
});

function placesOf(hosts: readonly string[], limits: Parameters<typeof limitValues>[0]): ConnectionPlaces {
  const places = new ConnectionPlaces(limitValues(limits));
  for (const [at, host] of hosts.entries()) places.take(at + 1, host);
  return places;
}
