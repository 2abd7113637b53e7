import fc from 'fast-check';
import {
  decodeBatchResponse,
  decodeCimXml,
  decodeEmbedded,
  decodeMessage,
  decodeResponse,
  encodeBatchRequest,
  encodeBatchResponse,
  encodeErrorResponse,
  encodeRequest,
  encodeResponse,
  operations,
  toCimXml,
} from '../../../src/cim/codec/index.js';
import { CimError, type CimRequest, type OperationName } from '../../../src/cim/operations/index.js';
import {
  cimClass,
  instance,
  intrinsic,
  invokeMethod,
  qualifierType,
  relativePath,
  resultFor,
  text,
  toPlain,
  toResult,
  withPath,
} from './arbitraries.js';

const names = Object.keys(operations) as OperationName[];
const anyRequest = fc.oneof(...names.map((name) => intrinsic(name)), invokeMethod);

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes.length === 0 ? bytes.length : 1 + (sizes[turn % sizes.length] as number);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function collect(encoded: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of encoded) pieces.push(piece);
  return Buffer.concat(pieces);
}

function decoded(request: CimRequest): unknown {
  const message = decodeMessage(encodeRequest('17', request));
  expect(message.id).toBe('17');
  if (message.body.kind !== 'simple') throw new Error('not a simple request');
  return message.body.call.outcome;
}

describe('what is encoded and decoded again is the same:', () => {
  test.each(names)('a request of %s', (name) => {
    fc.assert(
      fc.property(intrinsic(name), (request) => {
        expect(decoded(request)).toEqual({ kind: 'request', request });
      }),
      { numRuns: 25 },
    );
  });

  test('the call of a method', () => {
    fc.assert(
      fc.property(invokeMethod, (request) => {
        expect(decoded(request)).toEqual({ kind: 'request', request });
      }),
      { numRuns: 200 },
    );
  });

  test('a batch of requests', () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { minLength: 2, maxLength: 4 }), (requests) => {
        const { body } = decodeMessage(encodeBatchRequest('1', requests));
        if (body.kind !== 'batch') throw new Error('not a batch');
        expect(body.calls.map((call) => call.outcome)).toEqual(
          requests.map((request) => ({ kind: 'request', request })),
        );
      }),
      { numRuns: 60 },
    );
  });

  const withResult = (requests: fc.Arbitrary<CimRequest>) =>
    requests.chain((request) => resultFor(request).map((result) => ({ request, result })));

  test.each([...names, 'InvokeMethod'] as const)('the answer to %s, in one piece and in small ones', async (name) => {
    const requests = name === 'InvokeMethod' ? invokeMethod : intrinsic(name);
    await fc.assert(
      fc.asyncProperty(
        withResult(requests),
        fc.array(fc.nat(200), { maxLength: 6 }),
        async ({ request, result }, sizes) => {
          const bytes = await collect(encodeResponse('17', request, toResult(result)));
          const found = await decodeResponse(request, cut(bytes, sizes), { strict: true, id: '17' });
          expect(await toPlain(found)).toEqual(result);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('the answers to a batch, failures among them', async () => {
    const one = fc.oneof(
      withResult(anyRequest),
      fc.record({ request: anyRequest, failure: fc.record({ status: fc.integer({ min: 1, max: 29 }), text }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 2, maxLength: 4 }), fc.array(fc.nat(300)), async (parts, sizes) => {
        async function* answers() {
          for (const part of parts) {
            const { request } = part;
            if ('result' in part) yield { kind: 'result', request, result: toResult(part.result) } as const;
            else {
              const call =
                request.kind === 'InvokeMethod'
                  ? { name: request.methodName, intrinsic: false }
                  : { name: request.kind, intrinsic: true };
              yield { kind: 'error', call, error: new CimError(part.failure.status, part.failure.text) } as const;
            }
          }
        }
        const bytes = await collect(encodeBatchResponse('5', answers(), { withInstances: true }));
        const outcomes = await decodeBatchResponse(
          parts.map(({ request }) => request),
          cut(bytes, sizes),
          { strict: true },
        );
        for (const [at, part] of parts.entries()) {
          const outcome = outcomes[at];
          if ('result' in part)
            expect(outcome?.kind === 'result' && (await toPlain(outcome.result))).toEqual(part.result);
          else
            expect(outcome).toMatchObject({
              kind: 'error',
              error: { status: part.failure.status, description: part.failure.text },
            });
        }
      }),
      { numRuns: 25 },
    );
  });

  test('an error with its instances', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 99 }),
        text,
        fc.array(instance(1, false), { maxLength: 2 }),
        async (status, description, instances) => {
          const request = { kind: 'EnumerateInstanceNames', namespace: 'a', className: 'X' } as const;
          const error = new CimError(status, description, { instances });
          const bytes = encodeErrorResponse('1', { name: request.kind, intrinsic: true }, error, {
            withInstances: true,
          });
          const refusal = await decodeResponse(request, cut(bytes, [7])).catch((thrown: unknown) => thrown);
          expect(refusal).toBeInstanceOf(CimError);
          expect(refusal).toMatchObject({ status, description, instances });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a class, an instance, a qualifier type as one element', () => {
    fc.assert(
      fc.property(fc.oneof(cimClass, instance(2), withPath(instance(), relativePath), qualifierType), (value) => {
        expect(decodeCimXml(toCimXml(value))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  test('an embedded object', () => {
    fc.assert(
      fc.property(fc.oneof(cimClass, instance(3)), (value) => {
        expect(decodeEmbedded(toCimXml(value))).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });
});
