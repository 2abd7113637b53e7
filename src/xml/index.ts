export { XmlCharacterError, XmlError, type XmlErrorCode } from './errors.js';
export { escapeAttribute, escapeText } from './escape.js';
export { defaultXmlLimits, type XmlLimits } from './limits.js';
export type { XmlAllowances } from './markup.js';
export { type XmlEvent, XmlScanner, type XmlScannerOptions } from './scanner.js';
export { xmlIncomplete } from './source.js';
export { copyText, XmlTag, XmlTagCache } from './tag.js';
export {
  attributeOf,
  childElements,
  firstChild,
  parseXmlTree,
  textOf,
  type XmlAttribute,
  type XmlElement,
  type XmlText,
} from './tree.js';
export { decodeUtf8, Utf8Stream } from './utf8.js';
