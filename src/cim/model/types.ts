/** The intrinsic types of DSP0004 5.2.2, as they are spelt in CIM-XML, and `reference`. */
export const cimTypes = [
  'boolean',
  'string',
  'char16',
  'uint8',
  'sint8',
  'uint16',
  'sint16',
  'uint32',
  'sint32',
  'uint64',
  'sint64',
  'real32',
  'real64',
  'datetime',
  'reference',
] as const;

export type CimType = (typeof cimTypes)[number];

const known: ReadonlySet<string> = new Set(cimTypes);

export function isCimType(text: string): text is CimType {
  return known.has(text);
}

/** What a string property carries when it is not plain text: DSP0004 qualifiers EmbeddedInstance, EmbeddedObject. */
export type EmbeddedKind = 'instance' | 'object';

interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

/** Ranges of the integer types, both ends included. */
export const integerRanges: Readonly<Partial<Record<CimType, IntegerRange>>> = {
  uint8: { min: 0n, max: 0xffn },
  sint8: { min: -0x80n, max: 0x7fn },
  uint16: { min: 0n, max: 0xffffn },
  sint16: { min: -0x8000n, max: 0x7fffn },
  uint32: { min: 0n, max: 0xffff_ffffn },
  sint32: { min: -0x8000_0000n, max: 0x7fff_ffffn },
  uint64: { min: 0n, max: 0xffff_ffff_ffff_ffffn },
  sint64: { min: -0x8000_0000_0000_0000n, max: 0x7fff_ffff_ffff_ffffn },
};
