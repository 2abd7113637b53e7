import { defaultXmlLimits, type XmlLimits } from '../../xml/index.js';

/** Bounds of one message. Bytes are limited by HTTP before. */
export interface CodecLimits extends XmlLimits {
  /** Embedded objects within embedded objects. */
  readonly maxEmbedding: number;
}

/** For requests: a batch of a thousand calls fits. */
export const requestLimits: CodecLimits = {
  ...defaultXmlLimits,
  maxDepth: 64,
  maxElements: 500_000,
  maxEmbedding: 16,
};

/** For answers, which are read as a stream: depth, tags (a DESCRIPTION may be long) and embedding are bounded. */
export const answerLimits: CodecLimits = {
  ...requestLimits,
  maxTagLength: 1024 * 1024,
  maxElements: Number.POSITIVE_INFINITY,
  maxLength: Number.POSITIVE_INFINITY,
};

/** Limits of one call over those of its kind of message. */
export function limitsOver(usual: CodecLimits, given: Partial<CodecLimits> | undefined): CodecLimits {
  return given === undefined ? usual : { ...usual, ...given };
}
