import { startKdc } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";
import { flags, Gss } from "../src/native/gss.ts";
import { openLibrary } from "../src/native/library.ts";
import { mechanismIn, realmSkip } from "./realm.ts";

const name = "R-GSS-06 an acceptor tells whether the initiator wanted replays to be found";

test(name, { skip: realmSkip, timeout: 30_000 }, async () => {
  await using kdc = await startKdc();
  await using servers = mechanismIn(kdc);
  // The library of this very process, which can ask for anything.
  Object.assign(process.env, kdc.environment, { KRB5CCNAME: await kdc.tickets("alice") });
  const gss = new Gss(openLibrary());
  const target = gss.importService("ftp@localhost");
  const factsOf = async (wanted: number) => {
    const { context: handle, token } = gss.initiate(0n, target, wanted, undefined);
    gss.deleteContext(handle);
    await using context = await servers.accept();
    return (await context.step(token)).facts;
  };
  // What MIT's FTP client and yafc ask for, what this one does, and less.
  const usual = flags.mutual | flags.replay;
  assert.equal((await factsOf(usual))?.detectsReplays, true);
  assert.equal((await factsOf(usual | flags.sequence))?.detectsReplays, true);
  assert.equal((await factsOf(flags.sequence))?.detectsReplays, true);
  const bare = await factsOf(flags.mutual | flags.confidential | flags.integrity);
  assert.deepEqual([bare?.detectsReplays, bare?.integrity, bare?.confidentiality], [false, true, true]);
  gss.releaseName(target);
});
