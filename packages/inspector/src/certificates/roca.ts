/**
 * Whether a modulus has the mark of the keys that certain smart cards made, and that can be factored (ROCA,
 * CVE-2017-15361): modulo each small prime it is a power of 65537. A sound key has the mark by chance in one of 2^27.
 */
export function hasRocaMark(modulus: bigint): boolean {
  return marks.every(({ prime, powers }) => powers.has(Number(modulus % BigInt(prime))));
}

const primes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157] as const;

const marks = primes.map((prime) => ({ prime, powers: powersOf(65_537 % prime, prime) }));

function powersOf(generator: number, prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * generator) % prime) powers.add(power);
  return powers;
}
