import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EvidenceFiles, type OfflineVerdict, verifyEvidenceFiles } from '../../src/attestation/index.js';
import { formatImaEntry, decodeImaLog, parseImaAscii } from '../../src/tpm/logs/index.js';
import { describeIf } from '../support/parts.js';
import { sharedFolder } from '../support/shared.js';

const shared = sharedFolder();
const folder = shared === null ? '' : join(shared, 'data', 'ima');
const bytes = (...path: string[]): Uint8Array => new Uint8Array(readFileSync(join(folder, ...path)));
const text = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8');

interface Expected {
  readonly nonce: string;
  readonly entries: number;
  readonly violations: readonly number[];
  readonly pcrs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
const expected = (boot: string): Expected => JSON.parse(text(boot, 'expected.json')) as Expected;

function evidence(boot: string, key: 'ecc' | 'rsa' | 'sha1', more: Partial<EvidenceFiles> = {}): EvidenceFiles {
  const ak = key === 'ecc' ? 'ecc' : 'rsa';
  return {
    log: bytes(boot, 'ima.bin'),
    bootLog: bytes(boot, 'bios.bin'),
    quote: bytes(boot, `quote_${key}.msg`),
    signature: bytes(boot, `quote_${key}.sig`),
    ak: text(boot, `ak_${ak}.pem`),
    nonce: new Uint8Array(Buffer.from(expected(boot).nonce, 'hex')),
    reference: text('reference-good-ng.json'),
    ...more,
  };
}

const flipped = (data: Uint8Array, at: number): Uint8Array => {
  const copy = data.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
};

const judge = (files: EvidenceFiles): Promise<OfflineVerdict> => verifyEvidenceFiles(files);

describeIf(shared !== null, 'the reference data are not there')('two real boots', () => {
  test.each(['ecc', 'rsa'] as const)('the good boot is trusted by its %s quote', async (key) => {
    const verdict = await judge(evidence('good-ng', key));
    expect(verdict).toMatchObject({
      verdict: 'trusted',
      reasons: ['ak_unbound'],
      violations: [],
      covered: 48,
      pending: 0,
    });
  });

  test('the ASCII list, PCR values instead of a boot log, and the key as TPM2B_PUBLIC serve as well', async () => {
    const verdict = await judge(
      evidence('good-ng', 'rsa', {
        log: bytes('good-ng', 'ima.ascii'),
        bootLog: new Uint8Array(0),
        pcrs: JSON.stringify(expected('good-ng').pcrs),
        akPublic: bytes('good-ng', 'ak_rsa.pub'),
      }),
    );
    expect(verdict.reasons).toContain('event_log_mismatch');
    const { bootLog: _bootLog, ...rest } = evidence('good-ng', 'rsa', {
      log: bytes('good-ng', 'ima.ascii'),
      pcrs: JSON.stringify(expected('good-ng').pcrs),
      akPublic: bytes('good-ng', 'ak_rsa.pub'),
    });
    expect(await judge(rest)).toMatchObject({ verdict: 'trusted', covered: 48 });
  });

  test('the boot with violations is untrusted and names both', async () => {
    const verdict = await judge(evidence('violations', 'ecc'));
    expect(verdict.verdict).toBe('untrusted');
    expect(verdict.reasons).toContain('violation');
    expect(verdict.violations).toEqual(expected('violations').violations);
    expect(verdict.covered).toBe(expected('violations').entries);
    expect(verdict.findings.find(({ index }) => index === 13)?.path).toBe('/root/name_with_space.txt');
  });

  test('a quote over SHA-1 alone is refused as a bank downgrade', async () => {
    expect(await judge(evidence('good-ng', 'sha1'))).toMatchObject({
      verdict: 'untrusted',
      reasons: expect.arrayContaining(['bank_downgrade']),
    });
  });

  test('without proof of activation a required binding leaves it unknown', async () => {
    expect(await judge(evidence('good-ng', 'ecc', { requireBinding: true }))).toMatchObject({ verdict: 'unknown' });
  });

  test('without references there is no policy, and never trust', async () => {
    const { reference: _reference, ...rest } = evidence('good-ng', 'ecc');
    expect(await judge(rest)).toMatchObject({ verdict: 'no_policy', reasons: ['no_reference_set', 'ak_unbound'] });
  });

  test('the ASCII list holds the same entries as the binary one, both ways', () => {
    for (const boot of ['good-ng', 'violations']) {
      const ascii = text(boot, 'ima.ascii');
      expect(parseImaAscii(ascii)).toEqual(bytes(boot, 'ima.bin'));
      const printed = decodeImaLog(bytes(boot, 'ima.bin')).map((entry) => `${formatImaEntry(entry)}\n`);
      expect(printed.join('')).toBe(ascii);
    }
  });

  test('a truncated boot is covered as far as the quote goes and names what is missing', async () => {
    const log = bytes('good-ng', 'ima.bin');
    const last = decodeImaLog(log).at(-1);
    const verdict = await judge(evidence('good-ng', 'ecc', { log: log.slice(0, last?.start) }));
    expect(verdict.verdict).toBe('untrusted');
    expect(verdict.reasons[0]).toBe('pcr_digest_mismatch');
  });

  test('any flipped octet of the signed quote or its signature is refused', async () => {
    const good = evidence('good-ng', 'ecc');
    const at = (offset: number): Promise<OfflineVerdict> => judge({ ...good, quote: flipped(good.quote, offset) });
    expect((await at(0)).reasons).toEqual(['wrong_magic']);
    expect((await at(4)).reasons).toEqual(['wrong_attest_type']);
    for (let offset = 0; offset < good.quote.length; offset += 3) expect((await at(offset)).verdict).toBe('untrusted');
    for (let offset = 6; offset < good.signature.length; offset += 5) {
      const verdict = await judge({ ...good, signature: flipped(good.signature, offset) });
      expect(verdict.verdict).toBe('untrusted');
    }
  });
});
