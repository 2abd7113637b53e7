import type { XmlLimits } from './limits.js';
export { XmlCharacterError, XmlError, type XmlErrorCode } from './errors.js';
export { defaultXmlLimits, type XmlLimits } from './limits.js';

/** Strict UTF-8, a leading byte order mark is dropped. @throws DecodeError `bad_utf8` */
export declare function decodeUtf8(bytes: Uint8Array): string;
/** @throws XmlCharacterError `xml_character` */
export declare function escapeText(text: string): string;
/** For values in double quotes. @throws XmlCharacterError `xml_character` */
export declare function escapeAttribute(text: string): string;

export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
}
export interface XmlText {
  readonly kind: 'text';
  readonly text: string;
  readonly line: number;
  readonly column: number;
}
/** An element with its raw name (prefix and all); `line` and `column` of its `<`, from 1. */
export interface XmlElement {
  readonly kind: 'element';
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly (XmlElement | XmlText)[];
  readonly line: number;
  readonly column: number;
}
export interface XmlTreeOptions {
  readonly limits?: Partial<XmlLimits>;
  /** `refuse` (default): any DOCTYPE is forbidden. `without-subset`: one without internal subset is skipped, never fetched. */
  readonly doctype?: 'refuse' | 'without-subset';
  /** `refuse` (default): processing instructions other than the declaration are forbidden. */
  readonly processingInstructions?: 'refuse' | 'skip';
}
/** Root element. @throws XmlError */
export declare function parseXmlTree(text: string, options?: XmlTreeOptions): XmlElement;
/** Value of an attribute; undefined if it is not there. */
export declare function attributeOf(element: XmlElement, name: string): string | undefined;
/** First child element of that name, as libxml2-style readers look it up; undefined if there is none. */
export declare function firstChild(element: XmlElement, name: string): XmlElement | undefined;
/** Child elements, of that name if given. */
export declare function childElements(element: XmlElement, name?: string): XmlElement[];
/** Text directly inside the element, joined. */
export declare function textOf(element: XmlElement): string;
