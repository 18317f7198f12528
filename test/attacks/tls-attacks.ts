import type { Attack } from "./attack.ts"; export const tlsAttacks: readonly Attack[] = [];
