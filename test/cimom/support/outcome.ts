import { CimError } from '../../../src/cim/operations/index.js';
import type { Batches } from '../../../src/cim/operations/index.js';

/** Status with which something fails; 0 where it does not. Other errors are thrown on. */
export async function statusOf(work: Promise<unknown>): Promise<number> {
  try {
    await work;
    return 0;
  } catch (error) {
    if (error instanceof CimError) return error.status;
    throw error;
  }
}

/** Everything of a stream. */
export async function all<T>(batches: Batches<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const batch of batches) out.push(...batch);
  return out;
}
