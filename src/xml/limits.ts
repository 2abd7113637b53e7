/** Bounds of one document; each is refused with `xml_limit`. */
export interface XmlLimits {
  /** Nested elements. */
  readonly maxDepth: number;
  /** Attributes of one element. */
  readonly maxAttributes: number;
  /** UTF-16 code units of one start tag, with its name and all its attributes. */
  readonly maxTagLength: number;
  /** Elements of the whole document. */
  readonly maxElements: number;
  /** UTF-16 code units of the whole document. */
  readonly maxLength: number;
}

export const defaultXmlLimits: XmlLimits = {
  maxDepth: 100,
  maxAttributes: 64,
  maxTagLength: 64 * 1024,
  maxElements: 1_000_000,
  maxLength: 64 * 1024 * 1024,
};

/** Fills what is not given with the defaults. */
export function completeXmlLimits(limits: Partial<XmlLimits>): XmlLimits {
  return {
    maxDepth: limits.maxDepth ?? defaultXmlLimits.maxDepth,
    maxAttributes: limits.maxAttributes ?? defaultXmlLimits.maxAttributes,
    maxTagLength: limits.maxTagLength ?? defaultXmlLimits.maxTagLength,
    maxElements: limits.maxElements ?? defaultXmlLimits.maxElements,
    maxLength: limits.maxLength ?? defaultXmlLimits.maxLength,
  };
}
