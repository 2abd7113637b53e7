import type { KeyObject } from 'node:crypto';
import { type Curve, curves } from './curves.js';

// node:crypto verifies ECDSA only over a message that it hashes itself; IMA signs a digest that the log already holds.
// Nothing here is secret, so that plain arithmetic is enough. One key signs thousands of files: a table of its multiples
// leaves additions only.

/** A point with affine coordinates; the point at infinity has none. */
interface Affine {
  readonly x: bigint;
  readonly y: bigint;
}

/** Jacobian coordinates: x / z², y / z³; z = 0 at infinity. */
interface Jacobian {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

/** Multiples of a point: row i holds 1 to 15 times 16^i of it. */
type Multiples = readonly (readonly Affine[])[];

const windowBits = 4n;
const windowMask = (1n << windowBits) - 1n;
const rowLength = Number(windowMask);
const infinity: Jacobian = { x: 1n, y: 1n, z: 0n };

const mod = (value: bigint, by: bigint): bigint => {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
};

function inverse(value: bigint, by: bigint): bigint {
  let [a, b, x, y] = [mod(value, by), by, 1n, 0n];
  while (b > 0n) {
    const q = a / b;
    [a, b] = [b, a - q * b];
    [x, y] = [y, x - q * y];
  }
  return mod(x, by);
}

function double({ x, y, z }: Jacobian, p: bigint): Jacobian {
  if (z === 0n) return infinity;
  const delta = (z * z) % p;
  const gamma = (y * y) % p;
  const beta = (x * gamma) % p;
  const alpha = (3n * (x - delta) * (x + delta)) % p;
  const outX = mod(alpha * alpha - 8n * beta, p);
  const outZ = (2n * y * z) % p;
  return { x: outX, y: mod(alpha * (4n * beta - outX) - 8n * gamma * gamma, p), z: outZ };
}

function add(a: Jacobian, b: Affine, p: bigint): Jacobian {
  if (a.z === 0n) return { x: b.x, y: b.y, z: 1n };
  const zz = (a.z * a.z) % p;
  const h = mod(b.x * zz - a.x, p);
  const r = mod(((b.y * a.z) % p) * zz - a.y, p);
  // The same point, or its opposite.
  if (h === 0n) return r === 0n ? double(a, p) : infinity;
  const hh = (h * h) % p;
  const hhh = (h * hh) % p;
  const v = (a.x * hh) % p;
  const x = mod(r * r - hhh - 2n * v, p);
  return { x, y: mod(r * (v - x) - a.y * hhh, p), z: (a.z * h) % p };
}

/** Affine forms of points, none of which is at infinity, with a single inversion. */
function toAffine(points: readonly Jacobian[], p: bigint): Affine[] {
  const products: bigint[] = [];
  let product = 1n;
  for (const { z } of points) {
    products.push(product);
    product = (product * z) % p;
  }
  let rest = inverse(product, p);
  const out: Affine[] = [];
  for (let at = points.length - 1; at >= 0; at--) {
    const { x, y, z } = points[at] as Jacobian;
    const one = (rest * (products[at] as bigint)) % p;
    const square = (one * one) % p;
    out[at] = { x: (x * square) % p, y: (((y * square) % p) * one) % p };
    rest = (rest * z) % p;
  }
  return out;
}

function multiplesOf({ p, size }: Curve, point: Affine): Multiples {
  const rows = Math.ceil((size * 8) / Number(windowBits));
  const bases: Jacobian[] = [];
  let base: Jacobian = { ...point, z: 1n };
  for (let row = 0; row < rows; row++) {
    bases.push(base);
    for (let bit = 0n; bit < windowBits; bit++) base = double(base, p);
  }
  const all = toAffine(bases, p).flatMap((one) => {
    let sum = infinity;
    return Array.from({ length: rowLength }, () => (sum = add(sum, one, p)));
  });
  const affine = toAffine(all, p);
  return bases.map((_base, row) => affine.slice(row * rowLength, (row + 1) * rowLength));
}

/** Adds so many times a point to a sum. */
function addMultiple(sum: Jacobian, multiples: Multiples, factor: bigint, p: bigint): Jacobian {
  let out = sum;
  for (let row = 0, rest = factor; rest > 0n; row++, rest >>= windowBits) {
    const digit = Number(rest & windowMask);
    const point = digit === 0 ? undefined : multiples[row]?.[digit - 1];
    if (point !== undefined) out = add(out, point, p);
  }
  return out;
}

const toBigint = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

/** SEQUENCE of two INTEGERs in DER (RFC 3279, 2.2.3); null for any other form. */
function decodeSignature(der: Uint8Array, size: number): { readonly r: bigint; readonly s: bigint } | null {
  const long = der[1] === 0x81;
  const head = long ? 3 : 2;
  if (der[0] !== 0x30 || der[long ? 2 : 1] !== der.length - head) return null;
  const integer = (at: number): { readonly value: bigint; readonly end: number } | null => {
    const length = der[at + 1] ?? 0;
    const body = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 2 || length === 0 || length > size + 1 || body.length !== length || (body[0] as number) > 0x7f)
      return null;
    return { value: toBigint(body), end: at + 2 + length };
  };
  const r = integer(head);
  const s = r === null ? null : integer(r.end);
  return r === null || s === null || s.end !== der.length ? null : { r: r.value, s: s.value };
}

const ofBasePoint = new Map<Curve, Multiples>();

function basePoint(curve: Curve): Multiples {
  let known = ofBasePoint.get(curve);
  if (known === undefined) {
    known = multiplesOf(curve, { x: curve.gx, y: curve.gy });
    ofBasePoint.set(curve, known);
  }
  return known;
}

/** Verifies DER ECDSA signatures over digests with one key. */
export type EcdsaVerifier = (digest: Uint8Array, signature: Uint8Array) => boolean;

/** A verifier (FIPS 186-4, 6.4) for a key on P-256, P-384 or P-521; null for other keys. */
export function createEcdsaVerifier(key: KeyObject): EcdsaVerifier | null {
  const jwk = key.asymmetricKeyType === 'ec' ? key.export({ format: 'jwk' }) : {};
  const curve = curves.get(jwk.crv ?? '');
  if (curve === undefined || jwk.x === undefined || jwk.y === undefined) return null;
  const { p, n, size } = curve;
  const point = { x: toBigint(Buffer.from(jwk.x, 'base64url')), y: toBigint(Buffer.from(jwk.y, 'base64url')) };
  let ofKey: Multiples | null = null;
  return (digest, signature) => {
    const pair = decodeSignature(signature, size);
    if (pair === null) return false;
    const { r, s } = pair;
    if (r <= 0n || s <= 0n || r >= n || s >= n) return false;
    ofKey ??= multiplesOf(curve, point);
    const w = inverse(s, n);
    const e = toBigint(digest.subarray(0, size));
    const sum = addMultiple(addMultiple(infinity, basePoint(curve), (e * w) % n, p), ofKey, (r * w) % n, p);
    if (sum.z === 0n) return false;
    const z = inverse(sum.z, p);
    return mod(sum.x * z * z, p) % n === r;
  };
}
