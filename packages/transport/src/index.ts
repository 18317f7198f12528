export * from "./data-resumption.ts";
export * from "./tls-binding.ts";
