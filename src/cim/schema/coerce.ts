import {
  type CimClass,
  CimInstance,
  type CimScalar,
  type CimType,
  type CimValue,
  isCimArray,
  parseScalar,
  type PropertyShape,
  shapeOf,
} from '../model/index.js';
import { CimError } from '../operations/index.js';
import { describeType, describeValue, isScalarOf } from './scalar.js';

/** Reads the text of an embedded object that came as a plain string. @throws what the caller's decoder throws */
export type EmbeddedDecoder = (text: string) => CimInstance | CimClass;

/** What a value has to become: a property or a parameter. */
export interface ValueTarget {
  readonly name: string;
  readonly type: CimType;
  readonly isArray: boolean;
  readonly embedded: 'instance' | 'object' | null;
  readonly referenceClass?: string | null;
}

export interface CoerceOptions {
  /** Where it is left out, embedded objects must have been decoded already. */
  readonly decodeEmbedded?: EmbeddedDecoder;
  /** Status for a name that the class does not have: 12 for ModifyInstance, else 4 (default). */
  readonly unknownProperty?: 4 | 12;
}

function readText(type: CimType, text: string): CimScalar | undefined {
  try {
    return parseScalar(type, text);
  } catch {
    return undefined;
  }
}

function coerceScalar(
  target: ValueTarget,
  sent: CimType | null,
  value: CimScalar,
  decode: EmbeddedDecoder | undefined,
): CimScalar | undefined {
  if (typeof value === 'string') {
    if (target.embedded !== null) return decode?.(value);
    if (sent === null && target.type !== 'string') return readText(target.type, value);
  }
  return isScalarOf(target.type, value) ? value : undefined;
}

/**
 * A value as the target's type wants it. `sent` null: the sender named no type, so text is read as the target's type;
 * otherwise the types must be the same.
 *
 * @param failure status of the error: 4, or 13 where the operation has it
 * @throws CimError `failure`
 */
export function coerceValue(
  target: ValueTarget,
  sent: CimType | null,
  value: CimValue,
  options: CoerceOptions & { readonly failure?: 4 | 13 } = {},
): CimValue {
  if (value === null) return null;
  const fail = (): never => {
    const type = sent === null || sent === target.type ? '' : ` (${sent})`;
    throw new CimError(
      options.failure ?? 4,
      `${target.name}: expected ${describeType(target)}, got ${describeValue(value)}${type}`,
    );
  };
  if (isCimArray(value) !== target.isArray) return fail();
  if (sent !== null && sent !== target.type) return fail();
  if (!isCimArray(value)) return coerceScalar(target, sent, value, options.decodeEmbedded) ?? fail();
  return value.map((item) =>
    item === null ? null : (coerceScalar(target, sent, item, options.decodeEmbedded) ?? fail()),
  );
}

/**
 * The same instance on the shape of the class. Decoded instances come with shapes of their own: properties in any order and
 * spelling, embedded objects sometimes as text. What the instance does not have stays absent.
 *
 * @param cls resolved class with the instance's name
 * @throws CimError 4 (or `unknownProperty`) a name that the class does not have; 4 a value of another type
 */
export function coerceInstance(cls: CimClass, instance: CimInstance, options: CoerceOptions = {}): CimInstance {
  const shape = shapeOf(cls);
  if (instance.shape === shape) return instance;
  const values = new Array<CimValue | undefined>(shape.properties.length).fill(undefined);
  const given = instance.shape.properties;
  for (let from = 0; from < given.length; from++) {
    const value = instance.values[from];
    if (value === undefined) continue;
    const sent = given[from] as PropertyShape;
    const at = shape.indexOf(sent.name);
    if (at < 0) {
      throw new CimError(options.unknownProperty ?? 4, `${cls.name} has no property ${sent.name}`);
    }
    if (values[at] !== undefined) throw new CimError(4, `property ${sent.name} stands twice`);
    values[at] = coerceValue(shape.properties[at] as PropertyShape, sent.type, value, options);
  }
  return new CimInstance(shape, values, instance.path);
}
