import { limitValues } from "@sallyport/protocol";
import { WebhookTarget } from "../../src/events/webhook-target.ts";

/** Calls the webhook of the first argument once and prints what came of it, for a test of the environment. */
const options = { secretFile: undefined, authoritiesFile: undefined, agent: "Sallyport/0.0.0", limits: limitValues() };
await using target = new WebhookTarget(new URL(process.argv[2] ?? ""), options);
const delivery = await target.deliver({ id: "an-id", body: '{"id":"an-id"}' }, new AbortController().signal);
process.stdout.write(JSON.stringify(delivery));
