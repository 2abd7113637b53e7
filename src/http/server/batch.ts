import type { BatchAnswer, DecodedCall } from '../../cim/codec/index.js';
import type { CimError, CimRequest, CimResult } from '../../cim/operations/index.js';

interface BatchPorts {
  readonly execute: (request: CimRequest) => Promise<CimResult>;
  readonly toCimError: (error: unknown) => CimError;
  readonly signal: AbortSignal;
}

/** Carries the operations of a MULTIREQ out one after the other: a later one may rest on an earlier one's effect. */
export async function* answersOf(
  calls: readonly DecodedCall[],
  { execute, toCimError, signal }: BatchPorts,
): AsyncGenerator<BatchAnswer, void, undefined> {
  for (const call of calls) {
    signal.throwIfAborted();
    let answer: BatchAnswer;
    if (call.outcome.kind === 'faulty') {
      answer = { kind: 'error', call, error: call.outcome.error };
    } else {
      const { request } = call.outcome;
      try {
        answer = { kind: 'result', request, result: await execute(request) };
      } catch (error) {
        answer = { kind: 'error', call, error: toCimError(error) };
      }
    }
    yield answer;
  }
}
