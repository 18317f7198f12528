export * from "./data-resumption.ts";
export * from "./tls-binding.ts";
export * from "./user-buffer-hook.ts";
