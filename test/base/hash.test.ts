import fc from 'fast-check';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { digestSizes, hash, hashAlgorithms, hashOctets, toHex } from '../../src/base/index.js';

const second = { sha1, sha256, sha384, sha512 };

describe('digests', () => {
  test('are those of a second implementation, for messages of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...hashAlgorithms), (message, algorithm) => {
        const digest = hash(algorithm, message);
        expect(digest.length).toBe(digestSizes[algorithm]);
        expect(toHex(digest)).toBe(toHex(second[algorithm](message)));
      }),
      { numRuns: 200 },
    );
  });

  test('known answers of FIPS 180-4', () => {
    const abc = Buffer.from('abc');
    expect(toHex(hash('sha1', abc))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(toHex(hash('sha256', abc))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  test('as text have one character for each octet', () => {
    const text = hashOctets('sha256', Buffer.from('abc'));
    expect(Buffer.from(text, 'latin1').equals(Buffer.from(hash('sha256', Buffer.from('abc'))))).toBe(true);
  });
});
