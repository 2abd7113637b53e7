import type { BatchAnswer, DecodedCall } from '../../cim/codec/index.js';
import type { CimError, CimRequest, CimResult } from '../../cim/operations/index.js';

interface BatchPorts {
  /** Whether the caller may ask anything at all. @throws CimError 2 */
  readonly admit: () => void;
  readonly execute: (request: CimRequest) => Promise<CimResult>;
  readonly toCimError: (error: unknown) => CimError;
  readonly signal: AbortSignal;
}

async function answerTo(call: DecodedCall, { admit, execute, toCimError }: BatchPorts): Promise<BatchAnswer> {
  try {
    admit();
    if (call.outcome.kind === 'faulty') throw call.outcome.error;
    const { request } = call.outcome;
    return { kind: 'result', request, result: await execute(request) };
  } catch (error) {
    return { kind: 'error', call, error: toCimError(error) };
  }
}

/** Carries the operations of a MULTIREQ out one after the other: a later one may rest on an earlier one's effect. */
export async function* answersOf(
  calls: readonly DecodedCall[],
  ports: BatchPorts,
): AsyncGenerator<BatchAnswer, void, undefined> {
  for (const call of calls) {
    ports.signal.throwIfAborted();
    yield await answerTo(call, ports);
  }
}
