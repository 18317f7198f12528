import type { Attack } from "./attack.ts"; export const storageAttacks: readonly Attack[] = [];
