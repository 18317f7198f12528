export * from "./captions.ts";
export * from "./conclusion.ts";
export * from "./events.ts";
export * from "./lane-lines.ts";
export * from "./problems.ts";
export * from "./reduce.ts";
export * from "./summary.ts";
export * from "./wording.ts";
