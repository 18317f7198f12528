import type { Attack } from "./attack.ts"; export const transferAttacks: readonly Attack[] = [];
