import { createECDH, createPrivateKey, createPublicKey, createHash, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { curves } from '../../src/attestation/appraise/curves.js';
import { createEcdsaVerifier } from '../../src/attestation/appraise/ecdsa.js';

const names = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' } as const;

function pairOf(crv: keyof typeof names, secret: bigint) {
  const { size, n } = curves.get(crv) as { size: number; n: bigint };
  const d = Buffer.from((1n + (secret % (n - 1n))).toString(16).padStart(size * 2, '0'), 'hex');
  const ecdh = createECDH(names[crv]);
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey();
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const jwk = { kty: 'EC', crv, d: text(d), x: text(point.subarray(1, 1 + size)), y: text(point.subarray(1 + size)) };
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

const encode = (r: bigint, s: bigint): Buffer => {
  const integer = (value: bigint): Buffer => {
    const hex = value.toString(16);
    const even = hex.length % 2 === 0 ? hex : `0${hex}`;
    const body = Buffer.from(Number.parseInt(even.slice(0, 2), 16) > 0x7f ? `00${even}` : even, 'hex');
    return Buffer.concat([Buffer.from([2, body.length]), body]);
  };
  const both = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.from(both.length < 128 ? [0x30, both.length] : [0x30, 0x81, both.length]), both]);
};

describe.each(['P-256', 'P-384', 'P-521'] as const)('ECDSA over a digest on %s', (crv) => {
  const { n } = curves.get(crv) as { n: bigint };
  // 1, 2, n - 1: the key is the base point, its double or its opposite, so that sums meet the same point or infinity.
  const secrets = fc.oneof(fc.constantFrom(0n, 1n, 2n, n - 2n), fc.bigInt({ min: 0n, max: n }));

  test('agrees with OpenSSL on what it signs, and on what is changed', () => {
    fc.assert(
      fc.property(secrets, fc.uint8Array({ maxLength: 40 }), fc.nat(), (secret, message, at) => {
        const { publicKey, privateKey } = pairOf(crv, secret);
        const verifier = createEcdsaVerifier(publicKey);
        const signature = sign('sha256', message, privateKey);
        const digest = createHash('sha256').update(message).digest();
        expect(verifier?.(digest, signature)).toBe(true);
        const changed = Buffer.from(signature);
        changed[at % changed.length] = (changed[at % changed.length] as number) ^ 1;
        expect(verifier?.(digest, changed)).toBe(verify('sha256', message, publicKey, changed));
      }),
      { numRuns: 25 },
    );
  });

  test('agrees with OpenSSL on signatures of the smallest and largest numbers', () => {
    const message = Buffer.from('message');
    const digest = createHash('sha256').update(message).digest();
    for (const secret of [0n, 1n, n - 2n]) {
      const { publicKey } = pairOf(crv, secret);
      const verifier = createEcdsaVerifier(publicKey);
      for (const r of [0n, 1n, 2n, n - 1n, n, n + 1n]) {
        for (const s of [0n, 1n, n - 1n, n]) {
          expect(verifier?.(digest, encode(r, s))).toBe(verify('sha256', message, publicKey, encode(r, s)));
        }
      }
    }
  });
});
