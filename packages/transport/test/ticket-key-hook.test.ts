import assert from "node:assert/strict";
import { createSecureContext, type SecureContext } from "node:tls";
import { test } from "node:test";
import { releaseContext, ruleTickets, ticketHookWorks } from "../src/ticket-key-hook.ts";
import { identity } from "./tls-peer.ts";

function createContext(): SecureContext {
  const { certificate: cert, key } = identity;
  return createSecureContext({ cert, key, ca: [], sessionIdContext: "test" });
}

const rules = { mint: () => undefined, accept: () => undefined, renews: false };

test("the self-test passes on this Node", async () => {
  assert.equal(await ticketHookWorks(createContext), true);
});

test("a Node without the inside is noticed, not broken", async () => {
  const without = (): SecureContext => ({ context: {} });
  assert.equal(ruleTickets(without(), rules), false);
  assert.equal(await ticketHookWorks(without), false);
  releaseContext(without());
});

test("a Node where the inside does nothing, or something else, fails the self-test", async () => {
  const idle = (): SecureContext => {
    const made = createContext();
    made.context.enableTicketKeyCallback = () => {};
    return made;
  };
  assert.equal(await ticketHookWorks(idle), false);
  const refusing = (): SecureContext => {
    const made = createContext();
    const enable = made.context.enableTicketKeyCallback.bind(made.context);
    made.context.enableTicketKeyCallback = () => {
      made.context.onticketkeycallback = () => [
        0,
        new Uint8Array(16),
        new Uint8Array(16),
        new Uint8Array(16),
        new Uint8Array(16),
      ];
      enable();
    };
    return made;
  };
  assert.equal(await ticketHookWorks(refusing), false);
});
