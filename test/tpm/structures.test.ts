import fc from 'fast-check';
import { fromHex } from '../../src/base/index.js';
import {
  akEccTemplate,
  type Attest,
  decodeAttest,
  decodePublicArea,
  decodeSignature,
  ekRsaTemplate,
  encodeAttest,
  encodePublicArea,
  encodeSignature,
  explainResponseCode,
  formatPcrSelection,
  hasAttributes,
  nameOf,
  parsePcrSelection,
  TpmError,
} from '../../src/tpm/index.js';
import { errorLike } from '../support/errors.js';

const octets = (maxLength: number) => fc.uint8Array({ maxLength });

test('a PCR selection keeps its meaning through text', () => {
  expect(formatPcrSelection(parsePcrSelection('sha256:0-10,14+sha1:3,2,1'))).toBe('sha256:0-10,14+sha1:1-3');
  expect(parsePcrSelection('sha384:all')[0]!.indexes).toHaveLength(24);
  for (const bad of [
    '',
    'sha256',
    'sha256:24',
    'sha256:5-3',
    'md5:1',
    'sha256:1+sha256:2',
    'sha256:1,,2',
    'sha256:-1',
  ]) {
    expect(() => parsePcrSelection(bad)).toThrow(errorLike({ code: 'bad_pcr_selection' }));
  }
});

test('public areas survive encoding and the name follows every octet', () => {
  for (const area of [akEccTemplate, ekRsaTemplate]) expect(decodePublicArea(encodePublicArea(area))).toEqual(area);
  expect(nameOf(akEccTemplate)).toHaveLength(34);
  expect(nameOf({ ...akEccTemplate, attributes: akEccTemplate.attributes ^ 0x400 })).not.toEqual(nameOf(akEccTemplate));
  expect(hasAttributes(akEccTemplate, 'restricted', 'sign')).toBe(true);
  expect(hasAttributes(akEccTemplate, 'restricted', 'decrypt')).toBe(false);
});

test('attestations of every kind survive encoding', () => {
  const common = fc.record({
    qualifiedSigner: octets(34),
    extraData: octets(66),
    clockInfo: fc.record({
      clock: fc.bigInt(0n, 2n ** 64n - 1n),
      resetCount: fc.nat(),
      restartCount: fc.nat(),
      safe: fc.boolean(),
    }),
    firmwareVersion: fc.bigInt(0n, 2n ** 64n - 1n),
  });
  const attested = fc.oneof(
    fc.record({
      kind: fc.constant('quote' as const),
      selection: fc.constant(parsePcrSelection('sha256:0-7,10')),
      pcrDigest: octets(64),
    }),
    fc.record({ kind: fc.constant('certify' as const), name: octets(34), qualifiedName: octets(34) }),
    fc.record({ kind: fc.constant('nv' as const), indexName: octets(34), offset: fc.nat(100), contents: octets(200) }),
  );
  fc.assert(
    fc.property(common, attested, (head, body) => {
      const attest: Attest = { ...head, attested: body };
      expect(decodeAttest(encodeAttest(attest))).toEqual(attest);
    }),
    { numRuns: 100 },
  );
});

test('decoders end with a located error on any octets, never otherwise', () => {
  fc.assert(
    fc.property(octets(300), (bytes) => {
      for (const decode of [decodeAttest, decodePublicArea, decodeSignature]) {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toHaveProperty('offset');
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('every truncation of a public area and a signature is refused', () => {
  const area = encodePublicArea(ekRsaTemplate);
  const signature = encodeSignature({ kind: 'ecdsa', hash: 'sha256', r: new Uint8Array(32), s: new Uint8Array(32) });
  for (let length = 0; length < area.length; length += 7)
    expect(() => decodePublicArea(area.subarray(0, length))).toThrow();
  for (let length = 0; length < signature.length; length++)
    expect(() => decodeSignature(signature.subarray(0, length))).toThrow();
  expect(() => decodeSignature(new Uint8Array([...signature, 0]))).toThrow(errorLike({ code: 'trailing_bytes' }));
});

test('what does not begin with the magic of a TPM is no attestation', () => {
  expect(() => decodeAttest(fromHex('ff5443488018'))).toThrow(errorLike({ code: 'not_generated' }));
});

test('response codes have names and point to parameter, handle or session', () => {
  expect(explainResponseCode(0x2c4)).toEqual({ name: 'TPM_RC_VALUE', subject: { kind: 'parameter', number: 2 } });
  expect(explainResponseCode(0x18b)).toEqual({ name: 'TPM_RC_HANDLE', subject: { kind: 'handle', number: 1 } });
  expect(explainResponseCode(0x98e)).toEqual({ name: 'TPM_RC_AUTH_FAIL', subject: { kind: 'session', number: 1 } });
  expect(explainResponseCode(0x100)).toEqual({ name: 'TPM_RC_INITIALIZE', subject: null });
  expect(new TpmError(0x922, 'quote')).toMatchObject({ code: 'TPM_RC_RETRY', responseCode: 0x922 });
});
