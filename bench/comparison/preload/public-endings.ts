// Loaded before the server under test to show what truncation safety costs by Node's public API alone, as on a Node
// whose inside is no longer what the server looks into.
import { registerHooks } from "node:module";

const withoutHook = `
  export const watchCloseNotify = () => undefined;
  export const closeNotifyHookWorks = async () => false;
`;

registerHooks({
  load: (url, context, nextLoad) =>
    url.endsWith("/transport/src/close-notify-hook.ts")
      ? { format: "module", source: withoutHook, shortCircuit: true }
      : nextLoad(url, context),
});
