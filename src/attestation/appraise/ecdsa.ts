import type { KeyObject } from 'node:crypto';

// node:crypto verifies ECDSA only over a message that it hashes itself; IMA signs a digest that the log already holds.
// Nothing here is secret, so that plain arithmetic is enough. Curves: FIPS 186-4, D.1.2.

interface Curve {
  readonly p: bigint;
  readonly n: bigint;
  readonly g: Point;
  readonly size: number;
}
type Point = { readonly x: bigint; readonly y: bigint } | null;

const hex = (text: string): bigint => BigInt(`0x${text}`);

const curves: Readonly<Record<string, Curve>> = {
  'P-256': {
    p: hex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff'),
    n: hex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
    g: {
      x: hex('6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'),
      y: hex('4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'),
    },
    size: 32,
  },
  'P-384': {
    p: hex('fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff'),
    n: hex('ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'),
    g: {
      x: hex('aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7'),
      y: hex('3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f'),
    },
    size: 48,
  },
};

const mod = (value: bigint, by: bigint): bigint => ((value % by) + by) % by;

function inverse(value: bigint, by: bigint): bigint {
  let [a, b, x, y] = [mod(value, by), by, 1n, 0n];
  while (b > 0n) {
    const q = a / b;
    [a, b] = [b, a - q * b];
    [x, y] = [y, x - q * y];
  }
  return mod(x, by);
}

function add(curve: Curve, a: Point, b: Point): Point {
  if (a === null) return b;
  if (b === null) return a;
  const { p } = curve;
  if (a.x === b.x && mod(a.y + b.y, p) === 0n) return null;
  const slope =
    a.x === b.x ? (3n * a.x * a.x - 3n) * inverse(2n * a.y, p) : (b.y - a.y) * inverse(mod(b.x - a.x, p), p);
  const x = mod(slope * slope - a.x - b.x, p);
  return { x, y: mod(slope * (a.x - x) - a.y, p) };
}

function multiply(curve: Curve, point: Point, factor: bigint): Point {
  let sum: Point = null;
  for (let base = point, rest = factor; rest > 0n; rest >>= 1n, base = add(curve, base, base)) {
    if (rest & 1n) sum = add(curve, sum, base);
  }
  return sum;
}

const toBigint = (bytes: Uint8Array): bigint => (bytes.length === 0 ? 0n : hex(Buffer.from(bytes).toString('hex')));

/** SEQUENCE of two INTEGERs in DER (RFC 3279, 2.2.3); null for any other form. */
function decodeSignature(der: Uint8Array): { readonly r: bigint; readonly s: bigint } | null {
  const long = der[1] === 0x81;
  const head = long ? 3 : 2;
  if (der[0] !== 0x30 || der[long ? 2 : 1] !== der.length - head) return null;
  const integer = (at: number): { readonly value: bigint; readonly end: number } | null => {
    const length = der[at + 1] ?? 0;
    const body = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 2 || length === 0 || length > 50 || body.length !== length || (body[0] as number) > 0x7f)
      return null;
    return { value: toBigint(body), end: at + 2 + length };
  };
  const r = integer(head);
  const s = r === null ? null : integer(r.end);
  return r === null || s === null || s.end !== der.length ? null : { r: r.value, s: s.value };
}

/** Verifies a DER ECDSA signature over a digest (FIPS 186-4, 6.4) with a key on P-256 or P-384; false for other keys. */
export function verifyEcdsaDigest(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const jwk = key.asymmetricKeyType === 'ec' ? key.export({ format: 'jwk' }) : {};
  const curve = curves[jwk.crv ?? ''];
  const pair = decodeSignature(signature);
  if (curve === undefined || pair === null || jwk.x === undefined || jwk.y === undefined) return false;
  const { r, s } = pair;
  if (r <= 0n || s <= 0n || r >= curve.n || s >= curve.n) return false;
  const q = { x: toBigint(Buffer.from(jwk.x, 'base64url')), y: toBigint(Buffer.from(jwk.y, 'base64url')) };
  const w = inverse(s, curve.n);
  const e = toBigint(digest.subarray(0, curve.size));
  const sum = add(curve, multiply(curve, curve.g, mod(e * w, curve.n)), multiply(curve, q, mod(r * w, curve.n)));
  return sum !== null && mod(sum.x, curve.n) === r;
}
