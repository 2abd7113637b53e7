import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeIf } from '../support/parts.js';
import { sharedFolder } from '../support/shared.js';
import { run } from './run.js';

interface Expected {
  readonly nonce: string;
  readonly pcrs: unknown;
}

interface Verdict {
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly violations: readonly number[];
  readonly covered: number;
  readonly pending: number;
}

describeIf(sharedFolder() !== null, 'no reference data')('tvdc attest verify', () => {
  const data = join(sharedFolder() ?? '', 'data', 'ima');
  const scratch = mkdtempSync(join(tmpdir(), 'tvdc-cli-'));
  afterAll(() => rmSync(scratch, { recursive: true }));

  const expectedOf = (boot: string): Expected =>
    JSON.parse(readFileSync(join(data, boot, 'expected.json'), 'utf8')) as Expected;

  async function verify(boot: string, quote: string, key: string, ...more: readonly string[]) {
    const at = (name: string): string => join(data, boot, name);
    const { status, out, notes } = await run(
      ...['attest', 'verify', '--log', at('ima.bin'), '--boot-log', at('bios.bin')],
      ...['--quote', at(`quote_${quote}.msg`), '--signature', at(`quote_${quote}.sig`), '--ak', at(`ak_${key}.pem`)],
      ...['--nonce', expectedOf(boot).nonce, '--reference', join(data, 'reference-good-ng.json'), '-o', 'json'],
      ...more,
    );
    return { status, notes, verdict: out === '' ? null : (JSON.parse(out) as Verdict) };
  }

  const pcrFile = (boot: string): string => {
    const file = join(scratch, `${boot}.json`);
    writeFileSync(file, JSON.stringify(expectedOf(boot).pcrs));
    return file;
  };

  for (const [quote, key] of [
    ['ecc', 'ecc'],
    ['rsa', 'rsa'],
  ] as const) {
    test(`a good boot is trusted by its ${quote} quote, status 0`, async () => {
      expect(await verify('good-ng', quote, key)).toMatchObject({
        status: 0,
        notes: '',
        verdict: { verdict: 'trusted', reasons: ['ak_unbound'], violations: [], covered: 48, pending: 0 },
      });
    });

    test(`violations are untrusted by the ${quote} quote, status 1`, async () => {
      expect(await verify('violations', quote, key)).toMatchObject({
        status: 1,
        verdict: { verdict: 'untrusted', violations: [14, 17], covered: 53, pending: 0 },
      });
    });
  }

  test('the ASCII log judges as the binary one', async () => {
    const { status } = await verify('good-ng', 'ecc', 'ecc', '--log', join(data, 'good-ng', 'ima.ascii'));
    expect(status).toBe(0);
  });

  test('PCR values are evidence to be checked', async () => {
    expect((await verify('good-ng', 'ecc', 'ecc', '--pcrs', pcrFile('good-ng'))).status).toBe(0);
    const other = await verify('good-ng', 'ecc', 'ecc', '--pcrs', pcrFile('violations'));
    expect(other).toMatchObject({ status: 1, verdict: { verdict: 'untrusted' } });
    expect(other.verdict?.reasons).toContain('pcr_digest_mismatch');
  });

  test('a quote over SHA-1 alone is refused', async () => {
    const { status, verdict } = await verify('good-ng', 'sha1', 'rsa');
    expect([status, verdict?.verdict]).toEqual([1, 'untrusted']);
    expect(verdict?.reasons).toContain('bank_downgrade');
  });

  test('with a required binding it is at best unknown', async () => {
    expect(await verify('good-ng', 'rsa', 'rsa', '--require-binding')).toMatchObject({
      status: 1,
      verdict: { verdict: 'unknown', reasons: ['ak_unbound'] },
    });
  });

  test('another challenge is not answered by this quote', async () => {
    const { status, verdict } = await verify('good-ng', 'ecc', 'ecc', '--nonce', '00ff');
    expect([status, verdict?.reasons]).toEqual([1, expect.arrayContaining(['wrong_nonce'])]);
  });

  test('a mistake in the command is status 2 and names the file', async () => {
    expect((await verify('good-ng', 'ecc', 'ecc', '--nonce', 'zz')).status).toBe(2);
    const { status, notes, verdict } = await verify('good-ng', 'ecc', 'ecc', '--reference', join(data, 'README.md'));
    expect([status, verdict]).toEqual([2, null]);
    expect(notes).toContain('README.md');
  });
});
