import { createHash, generateKeyPairSync, type KeyObject, privateEncrypt, sign } from 'node:crypto';
import fc from 'fast-check';
import { type AppraisalPolicy, createMemoryReferences, type ReferenceEntry } from '../../src/attestation/index.js';
import {
  appraiseEntries,
  completePolicy,
  createPathMatcher,
  preparePolicy,
} from '../../src/attestation/appraise/index.js';
import { EntryCatalog } from '../../src/attestation/verify/index.js';
import { hash, toHex } from '../../src/base/index.js';
import { createImaLog, type ImaInput } from '../../src/tpm/logs/index.js';
import { errorLike } from '../support/errors.js';

const content = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const digest = (text: string) => ({ algorithm: 'sha256', value: hash('sha256', content(text)) }) as const;

async function findings(
  inputs: readonly ImaInput[],
  policy: Partial<AppraisalPolicy> = {},
  entries: readonly ReferenceEntry[] = [],
  options: { readonly template?: string; readonly now?: number } = {},
): Promise<string[]> {
  const references = createMemoryReferences();
  await references.createSet('set');
  await references.add('set', entries);
  const log = createImaLog({ template: options.template ?? 'ima-sig' });
  for (const input of inputs) log.measure(input);
  const catalog = new EntryCatalog();
  const result = await appraiseEntries({
    prepared: preparePolicy(completePolicy({ name: 'test', referenceSets: ['set'], ...policy })),
    references,
    referenceDigest: await references.digest(['set']),
    entries: log
      .entries()
      .map((entry) => ({ index: entry.index, violation: entry.violation, facts: catalog.facts(entry, 'sha256') })),
    proven: {},
    now: options.now ?? 100,
  });
  return result.reasons.map(({ code, status }) => `${code}:${String(status)}`);
}

const reference = (text: string, more: Partial<ReferenceEntry> = {}): ReferenceEntry => ({
  algorithm: 'sha256',
  digest: toHex(digest(text).value),
  path: '/f',
  status: 'good',
  ...more,
});

describe('reference measurements', () => {
  const file = { path: '/f', digest: digest('f') };

  test.each([
    ['a good entry', reference('f'), {}, []],
    ['a good entry of any path', reference('f', { path: null }), {}, []],
    ['the digest at another path', reference('f', { path: '/g' }), {}, ['unknown_measurement:unknown']],
    ['another digest of the path', reference('other'), {}, ['digest_mismatch:untrusted']],
    ['a bad entry', reference('f', { status: 'bad', path: '/elsewhere' }), {}, ['bad_measurement:untrusted']],
    ['a vulnerable entry', reference('f', { status: 'vulnerable' }), {}, ['vulnerable_measurement:untrusted']],
    ['a vulnerable entry that is accepted', reference('f', { status: 'vulnerable' }), { vulnerable: 'accepted' }, []],
    ['an entry that has expired', reference('f', { validUntil: 100 }), {}, ['expired_measurement:untrusted']],
    ['an entry that is not valid yet', reference('f', { validFrom: 101 }), {}, ['expired_measurement:untrusted']],
    ['an entry that is valid', reference('f', { validFrom: 100, validUntil: 101 }), {}, []],
  ] as const)('%s', async (_name, entry, policy, expected) => {
    expect(await findings([file], policy, [entry])).toEqual(expected);
  });

  test('unknown measurements are as bad as the policy says', async () => {
    expect(await findings([file], { unknown: 'untrusted' })).toEqual(['unknown_measurement:untrusted']);
  });

  test('a flood of unknown entries does not push out one that is bad', async () => {
    const many = Array.from({ length: 300 }, (_, n) => ({ path: `/${n}`, digest: digest(String(n)) }));
    const found = await findings([...many, file], {}, [reference('f', { status: 'bad' })]);
    expect(found).toHaveLength(102);
    expect(found.slice(-2)).toEqual(['bad_measurement:untrusted', 'more_findings:null']);
  });
});

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;

function keyId(key: KeyObject): Uint8Array {
  // The last 32 (P-256: 65) octets and more of the SubjectPublicKeyInfo are the key itself.
  const spki = key.export({ type: 'spki', format: 'der' });
  const bits =
    key.asymmetricKeyType === 'rsa'
      ? key.export({ type: 'pkcs1', format: 'der' })
      : spki.subarray(spki.indexOf(Buffer.from([0, 4])) + 1);
  return createHash('sha1').update(bits).digest().subarray(-4);
}

function imaSignature(key: KeyObject, body: Uint8Array, type = 3, version = 2): Uint8Array {
  return Uint8Array.from([type, version, 4, ...keyId(key), body.length >> 8, body.length & 255, ...body]);
}

describe('file signatures', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const ec384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
  const ec521 = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
  const rings = [{ name: 'ima', keys: [rsa, ec, ec384, ec521].map(({ publicKey }) => pem(publicKey)) }];
  const head = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const signRsa = (text: string): Uint8Array =>
    imaSignature(rsa.publicKey, privateEncrypt(rsa.privateKey, Buffer.concat([head, digest(text).value])));
  const signEc = (pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }, text: string): Uint8Array =>
    imaSignature(pair.publicKey, sign('sha256', content(text), pair.privateKey));
  const file = (signature: Uint8Array): ImaInput => ({ path: '/f', digest: digest('f'), signature });

  test('a valid one of a trusted key makes an unlisted file good: RSA, P-256, P-384, P-521', async () => {
    for (const signature of [signRsa('f'), signEc(ec, 'f'), signEc(ec384, 'f'), signEc(ec521, 'f')]) {
      expect(await findings([file(signature)], { keyRings: rings })).toEqual([]);
    }
  });

  test('a wrong one of a trusted key fails even where the file is listed or excluded', async () => {
    for (const signature of [signRsa('g'), signEc(ec, 'g'), signEc(ec384, 'g'), signEc(ec521, 'g')]) {
      const policy = { keyRings: rings, exclude: ['/.*'] };
      expect(await findings([file(signature)], policy, [reference('f')])).toEqual(['bad_file_signature:untrusted']);
    }
  });

  test('a malformed one fails, one of another key does not count', async () => {
    const cut = signRsa('f').slice(0, -1);
    expect(await findings([file(cut)], { keyRings: rings }, [reference('f')])).toEqual([
      'bad_file_signature:untrusted',
    ]);
    expect(await findings([file(signEc(ec, 'f'))], {})).toEqual(['unknown_measurement:unknown']);
  });

  test('one over the identified digest counts for the kind of digest that it names', async () => {
    const signed = (type: number): Uint8Array =>
      imaSignature(
        ec.publicKey,
        sign('sha256', Buffer.concat([Uint8Array.of(type, 4), digest('f').value]), ec.privateKey),
        type,
        3,
      );
    const entry = (kind: 'ima' | 'verity', signature: Uint8Array): ImaInput => ({
      path: '/f',
      digest: { ...digest('f'), kind },
      signature,
    });
    const judged = (input: ImaInput) => findings([input], { keyRings: rings }, [], { template: 'ima-sigv2' });
    expect(await judged(entry('verity', signed(6)))).toEqual([]);
    expect(await judged(entry('ima', signed(3)))).toEqual([]);
    expect(await judged(entry('ima', signed(6)))).toEqual(['bad_file_signature:untrusted']);
    expect(await judged(entry('verity', signed(3)))).toEqual(['bad_file_signature:untrusted']);
    const old = imaSignature(ec.publicKey, sign('sha256', content('f'), ec.privateKey), 6, 2);
    expect(await judged(entry('verity', old))).toEqual(['bad_file_signature:untrusted']);
  });

  test('the portable one over metadata that the kernel logs for want of another says nothing of the content', async () => {
    const portable = signEc(ec, 'f');
    portable[0] = 5;
    expect(await findings([file(portable)], { keyRings: rings })).toEqual(['unknown_measurement:unknown']);
    expect(await findings([file(portable)], { keyRings: rings }, [reference('f')])).toEqual([]);
  });

  test('a key that cannot sign files is refused when it is named', async () => {
    for (const { publicKey } of [
      generateKeyPairSync('ed25519'),
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    ]) {
      await expect(findings([], { keyRings: [{ name: 'ima', keys: [pem(publicKey)] }] })).rejects.toThrow(
        errorLike({ code: 'bad_key' }),
      );
    }
  });

  test('any flipped octet of an ECDSA signature is refused', async () => {
    const good = signEc(ec, 'f');
    for (let at = 9; at < good.length; at += 7) {
      const bad = good.slice();
      bad[at] = (bad[at] as number) ^ 1;
      expect(await findings([file(bad)], { keyRings: rings })).toEqual(['bad_file_signature:untrusted']);
    }
  });
});

test('measured buffers must be listed and have the digest beside them', async () => {
  const buffer = content('key material');
  const input = { path: '.ima', digest: digest('key material'), buffer };
  const options = { template: 'ima-buf' };
  const rule = { name: '.ima', digests: [`sha256:${toHex(digest('key material').value)}`] };
  expect(await findings([input], { buffers: [rule] }, [], options)).toEqual([]);
  expect(await findings([input], {}, [], options)).toEqual(['unknown_buffer:unknown']);
  const lying = { ...input, buffer: content('other material') };
  expect(await findings([lying], { buffers: [rule] }, [], options)).toEqual(['malformed_measurement_log:untrusted']);
  const listed = [reference('key material', { path: '.ima' })];
  expect(await findings([lying], { exclude: ['.*'] }, listed, options)).toEqual([
    'malformed_measurement_log:untrusted',
  ]);
});

describe('exclude patterns', () => {
  test.each([
    ['/tmp/.*', '/tmp/a/b', true],
    ['/tmp/.*', '/var/tmp/a', false],
    ['/var/(log|cache)/[a-z0-9_]+\\.(txt|log)', '/var/log/a_1.log', true],
    ['/a{2,3}', '/aaaa', false],
    ['/a{2,}b?', '/aaaab', true],
    ['(?:/x|/y)+', '/x/y/x', true],
    ['/[^/]+', '/a/b', false],
    ['^/a$', '/a', true],
    ['/\\d+\\s?', '/123', true],
    ['', '/', false],
  ])('%s on %s: %p', (pattern, path, expected) => {
    expect(createPathMatcher([pattern]).matches(path)).toBe(expected);
  });

  test.each(['(', ')', '[a', 'a**', '(?=a)', '\\1', 'a{3,2}', '*a', 'a{999}'])('%s is refused', (pattern) => {
    expect(() => createPathMatcher([pattern])).toThrow(errorLike({ code: 'bad_pattern' }));
  });

  test('they agree with the regular expressions of the language', () => {
    const atom = fc.constantFrom('a', 'b', '/', '.', '[ab]', '[^a]', '(a|b/)', '(?:ab)*', 'a+', 'b?', '/{1,2}');
    fc.assert(
      fc.property(
        fc.array(atom, { maxLength: 6 }),
        fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 8 }),
        (parts, path) => {
          const pattern = parts.join('');
          const text = path.join('');
          expect(createPathMatcher([pattern]).matches(text)).toBe(new RegExp(`^(?:${pattern})$`).test(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a pattern that takes others exponential time is linear here', () => {
    expect(createPathMatcher(['(a+)+b']).matches('a'.repeat(4000))).toBe(false);
  });
});
