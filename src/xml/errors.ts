import { ParseError, TvdcError } from '../base/index.js';

/**
 * `xml_not_well_formed`: breaks XML 1.0. `xml_forbidden`: XML that is not taken here (DOCTYPE, processing instructions,
 * another encoding than UTF-8). `xml_limit`: larger than the limits allow.
 */
export type XmlErrorCode = 'xml_not_well_formed' | 'xml_forbidden' | 'xml_limit';

/** A text that cannot be read as XML; says where. */
export class XmlError extends ParseError<XmlErrorCode> {}

/** A value that XML 1.0 has no way to carry: a control character, half of a surrogate pair. */
export class XmlCharacterError extends TvdcError<'xml_character'> {}
