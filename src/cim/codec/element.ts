import type { CimClass, CimInstance, CimQualifierType } from '../model/index.js';
import { createReader } from './create-reader.js';
import { type CodecLimits, limitsOver, requestLimits } from './limits.js';
import { readQualifierDeclaration } from './read-class.js';
import { readObject } from './read-object.js';
import { feed, withCodecErrors } from './reader.js';
import { classElement, qualifierDeclarationElement } from './write-class.js';
import { instanceElement } from './write-instance.js';
import { fullPathElement, instanceNameElement } from './write-path.js';

function locatedInstance(instance: CimInstance): string {
  const { path } = instance;
  const element = instanceElement(instance, true);
  if (path === null) return element;
  if (path.host === null || path.namespace === null) {
    return `<VALUE.NAMEDINSTANCE>${instanceNameElement(path)}${element}</VALUE.NAMEDINSTANCE>`;
  }
  const place = { host: path.host, namespace: path.namespace };
  return `<VALUE.INSTANCEWITHPATH>${fullPathElement(path, place)}${element}</VALUE.INSTANCEWITHPATH>`;
}

/**
 * One element of DSP0201 with everything in it: CLASS, QUALIFIER.DECLARATION, INSTANCE; instances with a name become
 * VALUE.NAMEDINSTANCE, with host and namespace VALUE.INSTANCEWITHPATH.
 * @throws TvdcError `bad_value` @throws XmlCharacterError `xml_character`
 */
export function toCimXml(value: CimInstance | CimClass | CimQualifierType): string {
  if (!('kind' in value)) return qualifierDeclarationElement(value);
  return value.kind === 'class'
    ? classElement(value, { includeQualifiers: true, includeClassOrigin: true })
    : locatedInstance(value);
}

/**
 * Reads one element as `toCimXml` writes it, and the other elements that carry an instance or class.
 * @throws CodecError `request-not-well-formed`, `request-not-valid` @throws CimError 4 a value that CIM does not know
 */
export function decodeCimXml(text: string, limits?: Partial<CodecLimits>): CimInstance | CimClass | CimQualifierType {
  return withCodecErrors('request', () => {
    const reader = createReader({ role: 'request', limits: limitsOver(requestLimits, limits), onFault: null });
    feed(reader, text);
    const element = reader.child() ?? reader.invalid('no element');
    const value = element === 'QUALIFIER.DECLARATION' ? readQualifierDeclaration(reader) : readObject(reader, element);
    if (value === undefined) return reader.invalid(`${element} is no class, instance or qualifier declaration`);
    if (reader.scanner.nextTag() !== 'end') reader.invalid('more after the element');
    if (reader.fault !== null) throw reader.fault;
    return value;
  });
}
