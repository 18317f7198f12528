import { reply } from "@sallyport/protocol";
import type { SiteHandler } from "./site-handler.ts";

/** Shows the idle time; shortening it is the peer's right, lengthening it is not. */
export const siteIdle: SiteHandler = (context, argument) => {
  const maxSeconds = Math.floor(context.limits.idleMs / 1000);
  const text = argument.trim();
  if (text === "") return { reply: reply(200, `The idle time is ${maxSeconds} seconds.`) };
  if (!/^\d{1,6}$/.test(text) || Number(text) === 0) return { reply: reply(501, "SITE IDLE takes seconds.") };
  const seconds = Math.min(maxSeconds, Number(text));
  return { reply: reply(200, `The idle time is ${seconds} seconds.`), changes: { idleSeconds: seconds } };
};
