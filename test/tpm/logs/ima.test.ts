import fc from 'fast-check';
import { concatBytes, DecodeError, hash } from '../../../src/base/index.js';
import {
  bootAggregate,
  createImaLog,
  decodeImaFields,
  decodeImaLog,
  encodeImaData,
  encodeImaEntry,
  type ImaInput,
  ImaReader,
  imaTemplates,
  parseImaAscii,
  replayImaLog,
  replayImaLogInSlices,
} from '../../../src/tpm/logs/index.js';
import { errorLike } from '../../support/errors.js';

const digest = (text: string) => ({ algorithm: 'sha256', value: hash('sha256', Buffer.from(text)) }) as const;
const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

const full: ImaInput = {
  digest: digest('a'),
  path: '/usr/bin/a b',
  signature: octets(3, 2, 4, 1, 2, 3, 4, 0, 1, 9),
  buffer: octets(1, 2, 3),
  moduleDigest: digest('module'),
  moduleSignature: octets(48, 1),
  evmSignature: octets(5, 6),
  others: {
    xattrnames: new Uint8Array(Buffer.from('security.ima|security.selinux\0')),
    xattrlengths: octets(1, 0, 0, 0),
    xattrvalues: octets(9),
    iuid: octets(232, 3, 0, 0),
    igid: octets(0, 0, 0, 0),
    imode: octets(237, 129),
  },
};

const templates = [...Object.keys(imaTemplates).filter((name) => name !== 'ima'), 'n-ng|d-ng|sig'];

test.each(templates)('template %s: binary and ASCII hold the same, blanks become underscores', (template) => {
  const kind = template.includes('v2') ? { ...full, digest: { ...digest('a'), kind: 'verity' as const } } : full;
  const log = createImaLog({ template });
  log.measure(kind);
  const [entry] = log.entries();
  if (entry === undefined) throw new Error('no entry');
  const fields = decodeImaFields(entry);
  expect(fields.path).toBe('/usr/bin/a_b');
  expect(Buffer.from(fields.digest.value).equals(kind.digest.value)).toBe(true);
  expect(Buffer.from(entry.templateHash).equals(hash('sha1', entry.hashedData))).toBe(true);
  expect(Buffer.from(parseImaAscii(log.toAscii())).equals(log.toBinary())).toBe(true);
});

test('template ima hashes the name padded to 256 octets', () => {
  const log = createImaLog({ template: 'ima', banks: ['sha1'] });
  const value = hash('sha1', Buffer.from('x'));
  const { digests, entry } = log.measure({ digest: { algorithm: 'sha1', value }, path: '/bin/x' });
  const padded = concatBytes(value, Buffer.from('/bin/x'), new Uint8Array(250));
  expect(Buffer.from(digests.sha1 ?? octets()).equals(hash('sha1', padded))).toBe(true);
  expect(decodeImaFields(entry).path).toBe('/bin/x');
  expect(Buffer.from(parseImaAscii(log.toAscii())).equals(log.toBinary())).toBe(true);
});

test('a replay leads to what was extended, in every bank, with violations as all ones', async () => {
  const banks = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
  const log = createImaLog({ banks });
  const values = Object.fromEntries(banks.map((bank) => [bank, hash(bank, octets()).fill(0)]));
  const extend = (digests: Partial<Record<string, Uint8Array>>): void => {
    for (const bank of banks)
      values[bank] = hash(bank, concatBytes(values[bank] as Uint8Array, digests[bank] as Uint8Array));
  };
  for (let n = 0; n < 600; n++) extend(log.measure({ path: `/f${n}`, digest: digest(String(n)) }).digests);
  extend(log.violation('/v').digests);
  const result = replayImaLog(log.toBinary(), { banks });
  expect(result).toMatchObject({ entries: 601, violations: [600] });
  for (const bank of banks)
    expect(Buffer.from(result.values[bank] as Uint8Array).equals(values[bank] as Uint8Array)).toBe(true);
  expect(await replayImaLogInSlices(log.toBinary(), { banks })).toEqual(result);
});

test('a log continues after a restart of its writer, and gives parts by index', () => {
  const log = createImaLog();
  for (const path of ['/a', '/b', '/c']) log.measure({ path, digest: digest(path) });
  const again = createImaLog({ existing: log.toBinary() });
  again.measure({ path: '/d', digest: digest('/d') });
  expect(again.part(1, 2)).toMatchObject({ start: 1, nextIndex: 3 });
  const joined = concatBytes(again.part(0, 1).data, again.part(1, 2).data, again.part(3).data);
  expect(Buffer.from(joined).equals(again.toBinary())).toBe(true);
  expect(again.part(9)).toMatchObject({ start: 4, nextIndex: 4 });
});

test('boot_aggregate covers PCRs 0 to 7 in SHA-1 and 0 to 9 in other banks', () => {
  const values = Object.fromEntries(Array.from({ length: 10 }, (_, pcr) => [pcr, new Uint8Array(32).fill(pcr)]));
  const joined = concatBytes(...Object.values(values));
  expect(bootAggregate('sha256', values)).toEqual(hash('sha256', joined));
  expect(bootAggregate('sha1', values)).toEqual(hash('sha1', joined.subarray(0, 8 * 32)));
  delete values[9];
  expect(bootAggregate('sha256', values)).toBeNull();
});

test('entries come out the same however the bytes are cut', () => {
  const log = createImaLog();
  for (let n = 0; n < 5; n++) log.measure({ path: `/file/${n}`, digest: digest(String(n)) });
  const bytes = log.toBinary();
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 20 }), (cuts) => {
      const reader = new ImaReader();
      const paths: string[] = [];
      const drain = (): void => {
        for (let entry = reader.next(); entry !== null; entry = reader.next()) paths.push(decodeImaFields(entry).path);
      };
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        reader.push(bytes.subarray(at, at + cut));
        at += cut;
        drain();
      }
      reader.end();
      expect(paths).toEqual(['/file/0', '/file/1', '/file/2', '/file/3', '/file/4']);
    }),
    { numRuns: 50 },
  );
});

describe('hostile lists', () => {
  const data = encodeImaData('ima-ng', { path: '/a', digest: digest('a') });
  const entry = encodeImaEntry(10, hash('sha1', data), 'ima-ng', data);
  const patched = (at: number, value: number): Uint8Array => {
    const copy = entry.slice();
    new DataView(copy.buffer).setUint32(at, value, true);
    return copy;
  };

  test.each([
    ['a PCR that no TPM has', patched(0, 24), 'bad_pcr'],
    ['a template name of gigabytes', patched(24, 0xffffffff), 'bad_template_name'],
    ['no template name', patched(24, 0), 'bad_template_name'],
    ['template data of gigabytes', patched(34, 0xffffffff), 'limit_exceeded'],
    ['an unknown template', encodeImaEntry(10, new Uint8Array(20), 'ima-zz', data), 'unknown_template'],
    ['a cut entry', entry.slice(0, -1), 'truncated'],
  ])('%s is refused', (_name, bytes, code) => {
    expect(() => decodeImaLog(bytes)).toThrow(errorLike({ code }));
  });

  test('fields that do not fill the data, or names without an end, are refused', () => {
    const read = (bytes: Uint8Array): unknown => {
      const [only] = decodeImaLog(encodeImaEntry(10, new Uint8Array(20), 'ima-ng', bytes));
      return only === undefined ? null : decodeImaFields(only);
    };
    expect(() => read(data.slice(0, -1))).toThrow(errorLike({ code: 'truncated' }));
    expect(() => read(concatBytes(data, octets(0)))).toThrow(errorLike({ code: 'trailing_bytes' }));
    const endless = data.slice();
    endless[endless.length - 1] = 65;
    expect(() => read(endless)).toThrow(errorLike({ code: 'bad_field' }));
  });

  test('whatever the octets are, only a DecodeError comes out', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: entry.length }), (noise, keep) => {
        try {
          decodeImaLog(concatBytes(entry.subarray(0, keep), noise)).forEach(decodeImaFields);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each(['10 00 ima-ng sha256:00 /a', `10 ${'0'.repeat(40)} ima-ng nothing /a`, `10 ${'0'.repeat(40)} zz x y`])(
    'the line %p is refused with its number',
    (line) => {
      expect(() => parseImaAscii(`\n${line}\n`)).toThrow(errorLike({ line: 1 }));
    },
  );
});
