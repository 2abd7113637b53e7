/** Bounds of one document; each is refused with `xml_limit`. */
export interface XmlLimits {
  /** Nested elements. */
  readonly maxDepth: number;
  /** Attributes of one element. */
  readonly maxAttributes: number;
  /** Elements of the whole document. */
  readonly maxElements: number;
  /** UTF-16 code units of the whole document. */
  readonly maxLength: number;
}

export const defaultXmlLimits: XmlLimits = {
  maxDepth: 100,
  maxAttributes: 64,
  maxElements: 1_000_000,
  maxLength: 64 * 1024 * 1024,
};

/** Fills what is not given with the defaults. */
export function completeXmlLimits(limits: Partial<XmlLimits>): XmlLimits {
  return {
    maxDepth: limits.maxDepth ?? defaultXmlLimits.maxDepth,
    maxAttributes: limits.maxAttributes ?? defaultXmlLimits.maxAttributes,
    maxElements: limits.maxElements ?? defaultXmlLimits.maxElements,
    maxLength: limits.maxLength ?? defaultXmlLimits.maxLength,
  };
}
