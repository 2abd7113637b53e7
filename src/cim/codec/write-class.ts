import { TvdcError } from '../../base/index.js';
import { escapeAttribute, escapeText } from '../../xml/index.js';
import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimQualifierType,
  type CimScalar,
  type CimType,
  type CimValue,
  formatScalar,
  isCimArray,
  type QualifierFlavor,
  qualifierScopes,
} from '../model/index.js';
import { referenceElement } from './write-path.js';

/** What of a declaration is written. */
export interface ClassDetail {
  readonly includeQualifiers: boolean;
  readonly includeClassOrigin: boolean;
}

function attribute(name: string, value: string | number | null): string {
  return value === null ? '' : ` ${name}="${typeof value === 'number' ? value : escapeAttribute(value)}"`;
}

function scalarElement(type: CimType, value: CimScalar): string {
  return `<VALUE>${escapeText(formatScalar(type, value))}</VALUE>`;
}

/** VALUE or VALUE.ARRAY of plain values; nothing for NULL. */
export function plainValueElement(type: CimType, value: CimValue): string {
  if (value === null) return '';
  if (!isCimArray(value)) return scalarElement(type, value);
  const items = value.map((item) => (item === null ? '<VALUE.NULL/>' : scalarElement(type, item)));
  return `<VALUE.ARRAY>${items.join('')}</VALUE.ARRAY>`;
}

// Flavors at their defaults are left out; TOINSTANCE is deprecated and never written.
function flavorAttributes(flavor: QualifierFlavor): string {
  return (
    (flavor.overridable ? '' : ' OVERRIDABLE="false"') +
    (flavor.toSubclass ? '' : ' TOSUBCLASS="false"') +
    (flavor.translatable ? ' TRANSLATABLE="true"' : '')
  );
}

function qualifierElement(qualifier: CimQualifier): string {
  const propagated = qualifier.propagated ? ' PROPAGATED="true"' : '';
  const head = `<QUALIFIER${attribute('NAME', qualifier.name)} TYPE="${qualifier.type}"${propagated}`;
  return `${head}${flavorAttributes(qualifier.flavor)}>${plainValueElement(qualifier.type, qualifier.value)}</QUALIFIER>`;
}

function qualifierElements(qualifiers: readonly CimQualifier[], detail: ClassDetail): string {
  return detail.includeQualifiers ? qualifiers.map(qualifierElement).join('') : '';
}

function originAttributes(
  element: { readonly classOrigin: string | null; readonly propagated: boolean },
  detail: ClassDetail,
): string {
  const origin = detail.includeClassOrigin ? attribute('CLASSORIGIN', element.classOrigin) : '';
  return element.propagated ? `${origin} PROPAGATED="true"` : origin;
}

function propertyElement(property: CimPropertyDeclaration, detail: ClassDetail): string {
  const name = attribute('NAME', property.name);
  const origin = originAttributes(property, detail);
  const qualifiers = qualifierElements(property.qualifiers, detail);
  if (property.type === 'reference') {
    const value = property.defaultValue;
    if (isCimArray(value)) throw new TvdcError('bad_value', `property ${property.name} is no array`);
    const path =
      typeof value === 'object' && value !== null && (value.kind === 'instance-path' || value.kind === 'class-path');
    const reference = path ? referenceElement(value) : '';
    const target = attribute('REFERENCECLASS', property.referenceClass);
    return `<PROPERTY.REFERENCE${name}${target}${origin}>${qualifiers}${reference}</PROPERTY.REFERENCE>`;
  }
  const value = plainValueElement(property.type, property.defaultValue);
  if (property.isArray) {
    const size = attribute('ARRAYSIZE', property.arraySize);
    return `<PROPERTY.ARRAY${name} TYPE="${property.type}"${size}${origin}>${qualifiers}${value}</PROPERTY.ARRAY>`;
  }
  const embedded = attribute('EmbeddedObject', property.embedded);
  return `<PROPERTY${name} TYPE="${property.type}"${origin}${embedded}>${qualifiers}${value}</PROPERTY>`;
}

function parameterElement(parameter: CimParameter, detail: ClassDetail): string {
  const name = attribute('NAME', parameter.name);
  const target = attribute('REFERENCECLASS', parameter.referenceClass);
  const size = attribute('ARRAYSIZE', parameter.arraySize);
  const qualifiers = qualifierElements(parameter.qualifiers, detail);
  if (parameter.type === 'reference') {
    return parameter.isArray
      ? `<PARAMETER.REFARRAY${name}${target}${size}>${qualifiers}</PARAMETER.REFARRAY>`
      : `<PARAMETER.REFERENCE${name}${target}>${qualifiers}</PARAMETER.REFERENCE>`;
  }
  return parameter.isArray
    ? `<PARAMETER.ARRAY${name} TYPE="${parameter.type}"${size}>${qualifiers}</PARAMETER.ARRAY>`
    : `<PARAMETER${name} TYPE="${parameter.type}">${qualifiers}</PARAMETER>`;
}

function methodElement(method: CimMethod, detail: ClassDetail): string {
  // TYPE has no word for references: there it is left out.
  const type = method.returnType === 'reference' ? '' : ` TYPE="${method.returnType}"`;
  const head = `<METHOD${attribute('NAME', method.name)}${type}${originAttributes(method, detail)}>`;
  const parameters = method.parameters.map((parameter) => parameterElement(parameter, detail));
  return `${head}${qualifierElements(method.qualifiers, detail)}${parameters.join('')}</METHOD>`;
}

/** CLASS. Elements are never self-closed, and PROPERTY.ARRAY carries no EmbeddedObject: wbemcli reads neither. */
export function classElement(cls: CimClass, detail: ClassDetail): string {
  let text = `<CLASS${attribute('NAME', cls.name)}${attribute('SUPERCLASS', cls.superclass)}>`;
  text += qualifierElements(cls.qualifiers, detail);
  for (const property of cls.properties) text += propertyElement(property, detail);
  for (const method of cls.methods) text += methodElement(method, detail);
  return `${text}</CLASS>`;
}

/** QUALIFIER.DECLARATION. */
export function qualifierDeclarationElement(qualifier: CimQualifierType): string {
  const isArray = ` ISARRAY="${qualifier.isArray}"${attribute('ARRAYSIZE', qualifier.arraySize)}`;
  const head = `<QUALIFIER.DECLARATION${attribute('NAME', qualifier.name)} TYPE="${qualifier.type}"${isArray}`;
  const scopes = qualifierScopes
    .filter((scope) => qualifier.scopes.has(scope))
    .map((scope) => ` ${scope.toUpperCase()}="true"`);
  const value = plainValueElement(qualifier.type, qualifier.defaultValue);
  return `${head}${flavorAttributes(qualifier.flavor)}><SCOPE${scopes.join('')}/>${value}</QUALIFIER.DECLARATION>`;
}
