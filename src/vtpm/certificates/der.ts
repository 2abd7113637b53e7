import * as asn1js from 'asn1js';

type Node = asn1js.BaseBlock;

/** Shorthands for the DER that certificates are made of. */
export const der = {
  sequence: (...value: Node[]): asn1js.Sequence => new asn1js.Sequence({ value }),
  set: (...value: Node[]): asn1js.Set => new asn1js.Set({ value }),
  oid: (value: string): asn1js.ObjectIdentifier => new asn1js.ObjectIdentifier({ value }),
  integer: (value: number): asn1js.Integer => new asn1js.Integer({ value }),
  /** A non-negative integer of any size, from big-endian octets. */
  bigInteger: (bytes: Uint8Array): asn1js.Integer => new asn1js.Integer({ valueHex: bufferOf(positive(bytes)) }),
  utf8: (value: string): asn1js.Utf8String => new asn1js.Utf8String({ value }),
  printable: (value: string): asn1js.PrintableString => new asn1js.PrintableString({ value }),
  octets: (value: Uint8Array): asn1js.OctetString => new asn1js.OctetString({ valueHex: bufferOf(value) }),
  bits: (value: Uint8Array, unusedBits = 0): asn1js.BitString =>
    new asn1js.BitString({ valueHex: bufferOf(value), unusedBits }),
  boolean: (value: boolean): asn1js.Boolean => new asn1js.Boolean({ value }),
  enumerated: (value: number): asn1js.Enumerated => new asn1js.Enumerated({ value }),
  /** Explicit context tag. */
  tagged: (tagNumber: number, ...value: Node[]): asn1js.Constructed =>
    new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber }, value }),
  /** Implicit context tag around octets. */
  taggedOctets: (tagNumber: number, value: Uint8Array): asn1js.Primitive =>
    new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber }, valueHex: bufferOf(value) }),
  /** DER that exists already. */
  raw: (bytes: Uint8Array): Node => asn1js.fromBER(bufferOf(bytes)).result,
  /** UTCTime until 2049, GeneralizedTime afterwards (RFC 5280, 4.1.2.5). */
  time(milliseconds: number): Node {
    const valueDate = new Date(Math.floor(milliseconds / 1000) * 1000);
    return valueDate.getUTCFullYear() < 2050
      ? new asn1js.UTCTime({ valueDate })
      : new asn1js.GeneralizedTime({ valueDate });
  },
  encode: (node: Node): Uint8Array => new Uint8Array(node.toBER()),
};

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

/** A leading zero where the first bit would be a sign; no other leading zeros. */
function positive(bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (at < bytes.length - 1 && bytes[at] === 0) at++;
  const short = bytes.subarray(at);
  return ((short[0] ?? 0) & 0x80) === 0 ? short : Uint8Array.of(0, ...short);
}
