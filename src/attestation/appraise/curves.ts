// Table of curves: FIPS 186-4, D.1.2.

const hex = (text: string): bigint => BigInt(`0x${text}`);

/** A NIST curve y² = x³ − 3x + b over a prime field. */
export interface Curve {
  readonly p: bigint;
  /** Order of the base point. */
  readonly n: bigint;
  readonly gx: bigint;
  readonly gy: bigint;
  /** Octets of a coordinate. */
  readonly size: number;
}

/** By the names that JSON Web Keys have for them (RFC 7518, 6.2.1.1). */
export const curves: ReadonlyMap<string, Curve> = new Map([
  [
    'P-256',
    {
      p: hex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff'),
      n: hex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
      gx: hex('6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'),
      gy: hex('4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'),
      size: 32,
    },
  ],
  [
    'P-384',
    {
      p: hex('fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff'),
      n: hex('ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'),
      gx: hex('aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7'),
      gy: hex('3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f'),
      size: 48,
    },
  ],
  [
    'P-521',
    {
      p: (1n << 521n) - 1n,
      n: hex(
        '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
      ),
      gx: hex(
        'c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66',
      ),
      gy: hex(
        '011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650',
      ),
      size: 66,
    },
  ],
]);
