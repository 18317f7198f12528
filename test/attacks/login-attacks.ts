import type { Attack } from "./attack.ts"; export const loginAttacks: readonly Attack[] = [];
