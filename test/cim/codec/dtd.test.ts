import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  encodeBatchRequest,
  encodeBatchResponse,
  encodeErrorResponse,
  encodeExportBatchResponse,
  encodeExportRequest,
  encodeExportResponse,
  encodeRequest,
  encodeResponse,
  operations,
} from '../../../src/cim/codec/index.js';
import { CimError, type CimRequest, type OperationName } from '../../../src/cim/operations/index.js';
import { describeIf } from '../../support/parts.js';
import { sharedFolder } from '../../support/shared.js';
import { instance, intrinsic, invokeMethod, resultFor, toResult } from './arbitraries.js';

const shared = sharedFolder();
const hasXmllint = spawnSync('xmllint', ['--version']).status === 0;
const names = Object.keys(operations) as OperationName[];
const samplesOfEach = 6;
const seed = 20240117;

async function collect(encoded: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of encoded) pieces.push(piece);
  return Buffer.concat(pieces);
}

function requestsOf(name: OperationName | 'InvokeMethod'): readonly CimRequest[] {
  const arbitrary = name === 'InvokeMethod' ? invokeMethod : intrinsic(name);
  return fc.sample(arbitrary, { numRuns: samplesOfEach, seed });
}

/** What xmllint has to say of the documents; empty if all are valid. */
function complaints(documents: ReadonlyMap<string, Buffer>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-dtd-'));
  try {
    const files = [...documents].map(([name, bytes]) => {
      const file = join(folder, `${name}.xml`);
      writeFileSync(file, bytes);
      return file;
    });
    const dtd = join(shared as string, 'data', 'dmtf', 'DSP0203_2.4.0.dtd');
    const run = spawnSync('xmllint', ['--nonet', '--noout', '--dtdvalid', dtd, ...files], { encoding: 'utf8' });
    return run.stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeIf(shared !== null && hasXmllint, 'needs the DTD of DSP0203 and xmllint')('by the DTD of DSP0203 2.4.0', () => {
  test('every kind of request is valid', () => {
    const documents = new Map<string, Buffer>();
    for (const name of [...names, 'InvokeMethod'] as const) {
      requestsOf(name).forEach((request, at) => documents.set(`${name}-${at}`, encodeRequest('1', request)));
    }
    documents.set('batch', encodeBatchRequest('1', [...requestsOf('GetInstance'), ...requestsOf('InvokeMethod')]));
    fc.sample(instance(2), { numRuns: samplesOfEach, seed }).forEach((indication, at) =>
      documents.set(`export-${at}`, encodeExportRequest('1', indication)),
    );
    expect(complaints(documents)).toBe('');
    expect(documents.size).toBeGreaterThan(200);
  });

  test('every kind of answer is valid', async () => {
    const documents = new Map<string, Buffer>();
    for (const name of [...names, 'InvokeMethod'] as const) {
      for (const [at, request] of requestsOf(name).entries()) {
        const [result] = fc.sample(resultFor(request), { numRuns: 1, seed: seed + at });
        if (result !== undefined)
          documents.set(`${name}-${at}`, await collect(encodeResponse('1', request, toResult(result))));
      }
    }
    const error = new CimError(6, 'no such <thing> & "more"', {
      instances: fc.sample(instance(), { numRuns: 2, seed }),
    });
    documents.set(
      'error',
      encodeErrorResponse('1', { name: 'GetClass', intrinsic: true }, error, { withInstances: true }),
    );
    documents.set(
      'method-error',
      encodeErrorResponse('1', { name: 'Do', intrinsic: false }, error, { withInstances: false }),
    );
    documents.set('export', encodeExportResponse('1', 'ExportIndication', null));
    documents.set('export-error', encodeExportResponse('1', 'ExportIndication', error));
    const accepted = { name: 'ExportIndication', error: null };
    documents.set('export-batch', encodeExportBatchResponse('1', [accepted, { ...accepted, error }]));
    async function* answers() {
      for (const request of requestsOf('DeleteInstance'))
        yield { kind: 'result', request, result: { kind: 'void' } } as const;
      yield { kind: 'error', call: { name: 'GetClass', intrinsic: true }, error } as const;
    }
    documents.set('batch', await collect(encodeBatchResponse('1', answers(), { withInstances: true })));
    expect(complaints(documents)).toBe('');
    expect(documents.size).toBeGreaterThan(200);
  });

  test('a broken document is found out, so that the other tests mean something', () => {
    const broken = encodeRequest('1', { kind: 'EnumerateQualifiers', namespace: 'a' })
      .toString()
      .replace('<NAMESPACE NAME="a"/>', '');
    expect(complaints(new Map([['broken', Buffer.from(broken)]]))).toContain('LOCALNAMESPACEPATH');
  });
});
