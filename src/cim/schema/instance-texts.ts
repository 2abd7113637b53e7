import { TvdcError } from '../../base/index.js';
import {
  type CimClass,
  type CimInstance,
  type CimPropertyDeclaration,
  type CimValue,
  findByName,
} from '../model/index.js';
import { toIntegerOf } from './scalar.js';
import { valueMapOf } from './value-map.js';

function declared(cls: CimClass, name: string): CimPropertyDeclaration {
  const property = findByName(cls.properties, name);
  if (property === undefined) throw new TvdcError('no_such_property', `${cls.name} has no property ${name}`);
  return property;
}

/**
 * What the class calls the value of a property (qualifiers ValueMap and Values, ranges included); one text for each item of an
 * array; null where the value is NULL, absent or without a name.
 * @throws TvdcError `no_such_property`
 */
export function textOfProperty(
  cls: CimClass,
  instance: CimInstance,
  name: string,
): string | readonly (string | null)[] | null {
  const mapping = valueMapOf(declared(cls, name));
  const value = instance.get(name);
  if (mapping === null || value === undefined || value === null) return null;
  return Array.isArray(value) ? value.map((item: CimValue) => mapping.textOf(item)) : mapping.textOf(value);
}

/** @throws TvdcError `bad_value` */
function valueOfText(property: CimPropertyDeclaration, text: string): string | number | bigint {
  const value = valueMapOf(property)?.valueOf(text);
  const typed = typeof value === 'bigint' ? toIntegerOf(property.type, value) : value;
  if (typed === undefined) throw new TvdcError('bad_value', `${property.name}: no one value is called "${text}"`);
  return typed;
}

/**
 * The instance with values given by what the class calls them: `{ EnabledState: 'Disabled' }`.
 * @throws TvdcError `no_such_property`; `bad_value` for a name that the class does not have, or that stands for a range
 */
export function withPropertyTexts(
  cls: CimClass,
  instance: CimInstance,
  texts: Readonly<Record<string, string | readonly string[]>>,
): CimInstance {
  const changes: Record<string, CimValue> = {};
  for (const [name, text] of Object.entries(texts)) {
    const property = declared(cls, name);
    changes[name] =
      typeof text === 'string' ? valueOfText(property, text) : text.map((item) => valueOfText(property, item));
  }
  return instance.with(changes);
}
