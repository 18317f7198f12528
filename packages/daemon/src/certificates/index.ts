export * from "./certificate-name.ts";
export * from "./describe.ts";
export * from "./identity.ts";
export * from "./local-authority.ts";
export * from "./pem-files.ts";
export * from "./root-file-reader.ts";
export * from "./trial-identities.ts";
