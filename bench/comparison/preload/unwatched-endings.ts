// Loaded before the server under test to show what truncation safety costs: it takes every end of an upload for a
// close_notify, without looking. Nothing else differs from the server as it is.
import { registerHooks } from "node:module";

const unwatched = `
  export const watchCloseNotify = () => ({ ending: "close-notify" });
  export const closeNotifyHookWorks = async () => true;
`;

registerHooks({
  load: (url, context, nextLoad) =>
    url.endsWith("/transport/src/close-notify-hook.ts")
      ? { format: "module", source: unwatched, shortCircuit: true }
      : nextLoad(url, context),
});
