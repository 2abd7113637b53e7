import { checkPrime } from 'node:crypto';
import { promisify } from 'node:util';

const isPrime = promisify(
  checkPrime as (candidate: bigint, callback: (error: Error | null, result: boolean) => void) => void,
);
const sieveLimit = 8192;
const span = 8192;

const smallPrimes = ((): readonly number[] => {
  const composite = new Uint8Array(sieveLimit);
  const primes: number[] = [];
  for (let n = 3; n < sieveLimit; n += 2) {
    if (composite[n] === 1) continue;
    primes.push(n);
    for (let multiple = n * n; multiple < sieveLimit; multiple += 2 * n) composite[multiple] = 1;
  }
  return primes;
})();

/**
 * The first prime at or above an odd start, with p - 1 not divisible by 65537. A sieve leaves about one candidate in eight for
 * the probabilistic test, which runs outside the event loop.
 */
export async function nextPrime(start: bigint): Promise<bigint> {
  for (let base = start | 1n; ; base += BigInt(2 * span)) {
    const composite = new Uint8Array(span);
    for (const prime of smallPrimes) {
      const rest = Number(base % BigInt(prime));
      // base + 2k = 0 modulo prime
      const first = rest === 0 ? 0 : rest % 2 === 1 ? (prime - rest) / 2 : prime - rest / 2;
      for (let k = first; k < span; k += prime) composite[k] = 1;
    }
    for (let k = 0; k < span; k++) {
      if (composite[k] === 1) continue;
      const candidate = base + BigInt(2 * k);
      if (candidate % 65537n !== 1n && (await isPrime(candidate))) return candidate;
    }
  }
}
