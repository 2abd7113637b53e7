import {
  type CimClass,
  CimInstance,
  type CimInstancePath,
  type CimPropertyDeclaration,
  type CimScalar,
  type CimValue,
  findByName,
  hasQualifier,
  isAbstract,
  isCimArray,
  isKey,
  type KeyValue,
  pathFromValues,
  qualifierValue,
  sameName,
  samePath,
  shapeOf,
} from '../model/index.js';
import { CimError } from '../operations/index.js';
import { coerceInstance, type EmbeddedDecoder } from './coerce.js';
import { keysOfClass } from './path.js';
import { describeType, describeValue, isValueOf } from './scalar.js';
import type { Schema } from './schema.js';

/**
 * - `create`: from a client; defaults are applied, keys and required properties must have values
 * - `modify`: from a client; only what is there counts, keys must be those of the path
 * - `provider`: from a provider; a fault is the provider's (status 1)
 * - `embedded`: an instance as a value: no path, keys optional
 */
export type InstancePurpose = 'create' | 'modify' | 'provider' | 'embedded';

export interface InstanceCheckOptions {
  /** `create`: whether the provider makes keys that are not there. Default false. */
  readonly keysOptional?: boolean;
  readonly decodeEmbedded?: EmbeddedDecoder;
}

interface PropertyCheck {
  readonly property: CimPropertyDeclaration;
  readonly key: boolean;
  readonly required: boolean;
  readonly maxLength: number | null;
  readonly min: bigint | null;
  readonly max: bigint | null;
  /** Class that an embedded instance must be of; null: any. */
  readonly embeddedClass: string | null;
}

function integerQualifier(property: CimPropertyDeclaration, name: string): bigint | null {
  const value = qualifierValue(property, name);
  return typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : null;
}

interface ClassCheck {
  readonly abstract: boolean;
  readonly properties: readonly PropertyCheck[];
}

const checksOf = new WeakMap<CimClass, ClassCheck>();

function checks(cls: CimClass): ClassCheck {
  let known = checksOf.get(cls);
  if (known === undefined) {
    const properties = cls.properties.map((property) => {
      const embeddedClass = qualifierValue(property, 'EmbeddedInstance');
      const maxLength = integerQualifier(property, 'MaxLen');
      return {
        property,
        key: isKey(property),
        required: hasQualifier(property, 'Required'),
        maxLength: maxLength === null || maxLength === 0n ? null : Number(maxLength),
        min: integerQualifier(property, 'MinValue'),
        max: integerQualifier(property, 'MaxValue'),
        embeddedClass: property.embedded === 'instance' && typeof embeddedClass === 'string' ? embeddedClass : null,
      };
    });
    known = { abstract: isAbstract(cls), properties };
    checksOf.set(cls, known);
  }
  return known;
}

class InstanceCheck {
  readonly #schema: Schema;
  readonly #purpose: InstancePurpose;
  readonly #options: InstanceCheckOptions;
  readonly #depth: number;

  constructor(schema: Schema, purpose: InstancePurpose, options: InstanceCheckOptions, depth: number) {
    this.#schema = schema;
    this.#purpose = purpose;
    this.#options = options;
    this.#depth = depth;
  }

  fail(sentence: string): never {
    throw new CimError(this.#purpose === 'provider' ? 1 : 4, sentence);
  }

  run(cls: CimClass, given: CimInstance): CimInstance {
    const { abstract, properties: rules } = checks(cls);
    if (abstract && this.#purpose !== 'embedded') this.fail(`${cls.name} is abstract: it has no instances`);
    const instance = this.#coerce(cls, given);
    let values: (CimValue | undefined)[] | null = null;
    for (let at = 0; at < rules.length; at++) {
      const rule = rules[at] as PropertyCheck;
      const value = instance.values[at];
      const checked = value === undefined ? this.#absent(rule) : this.#value(cls, rule, value);
      if (checked === value) continue;
      values ??= [...instance.values];
      values[at] = checked;
    }
    const complete = values === null ? instance : new CimInstance(instance.shape, values, instance.path);
    if (this.#purpose === 'embedded') return complete;
    return this.#purpose === 'create' ? this.#named(complete) : this.#checkPath(cls, complete);
  }

  #coerce(cls: CimClass, instance: CimInstance): CimInstance {
    const decode = this.#options.decodeEmbedded;
    const options = decode === undefined ? {} : { decodeEmbedded: decode };
    if (this.#purpose !== 'provider') {
      return coerceInstance(cls, instance, { ...options, unknownProperty: this.#purpose === 'modify' ? 12 : 4 });
    }
    try {
      return coerceInstance(cls, instance, options);
    } catch (cause) {
      throw cause instanceof CimError ? new CimError(1, cause.description, { cause }) : cause;
    }
  }

  #absent(rule: PropertyCheck): CimValue | undefined {
    if (this.#purpose === 'modify') return undefined;
    if (this.#purpose === 'provider') {
      return rule.key ? this.fail(`the instance has no value for the key ${rule.property.name}`) : undefined;
    }
    return this.#null(rule, rule.property.defaultValue);
  }

  #null(rule: PropertyCheck, value: CimValue): CimValue {
    if (value !== null) return value;
    const { property } = rule;
    if (rule.key && this.#purpose !== 'embedded') {
      if (this.#purpose === 'create' && this.#options.keysOptional === true) return null;
      this.fail(`the key ${property.name} must have a value`);
    }
    if (rule.required && (this.#purpose === 'create' || this.#purpose === 'modify') && !rule.key) {
      this.fail(`property ${property.name} is required and must have a value`);
    }
    return null;
  }

  #value(cls: CimClass, rule: PropertyCheck, value: CimValue): CimValue {
    if (value === null) return this.#null(rule, null);
    const { property } = rule;
    if (!isValueOf(property.type, property.isArray, value)) {
      this.fail(`${cls.name}.${property.name}: expected ${describeType(property)}, got ${describeValue(value)}`);
    }
    if (isCimArray(value)) {
      if (property.arraySize !== null && value.length > property.arraySize) {
        this.fail(`${cls.name}.${property.name}: at most ${property.arraySize} items, got ${value.length}`);
      }
      if (typeof value[0] !== 'object' && this.#purpose === 'provider') return value;
      const checked = value.map((item) => (item === null ? null : this.#scalar(cls, rule, item)));
      return checked.some((item, at) => item !== value[at]) ? checked : value;
    }
    if (typeof value !== 'object' && this.#purpose === 'provider' && property.embedded === null) return value;
    return this.#scalar(cls, rule, value);
  }

  #scalar(cls: CimClass, rule: PropertyCheck, value: CimScalar): CimScalar {
    const { property } = rule;
    const place = `${cls.name}.${property.name}`;
    if (property.embedded !== null) return this.#embedded(place, rule, value);
    if (typeof value === 'object') {
      if (value.kind === 'instance' || value.kind === 'class') this.fail(`${place} does not hold embedded objects`);
      if (value.kind === 'instance-path') this.#reference(place, property, value);
      else if (value.kind === 'class-path' && rule.key)
        this.fail(`${place}: expected an instance, got the class ${value.className}`);
      return value;
    }
    if (this.#purpose === 'provider') return value;
    if (typeof value === 'string') {
      if (rule.maxLength !== null && value.length > rule.maxLength) {
        this.fail(`${place}: at most ${rule.maxLength} characters, got ${value.length}`);
      }
    } else if (typeof value !== 'boolean' && (rule.min !== null || rule.max !== null)) {
      if ((rule.min !== null && value < rule.min) || (rule.max !== null && value > rule.max)) {
        this.fail(`${place}: ${value} is outside ${rule.min ?? ''}..${rule.max ?? ''}`);
      }
    }
    return value;
  }

  #reference(place: string, property: CimPropertyDeclaration, { className, namespace }: CimInstancePath): void {
    const wanted = property.referenceClass;
    if (wanted === null || sameName(wanted, className)) return;
    if (this.#schema.superclassOf(className) === undefined) {
      // A path into another namespace may name a class that is unknown here.
      const fromClient = this.#purpose === 'create' || this.#purpose === 'modify';
      if (namespace === null && fromClient) this.fail(`${place}: there is no class ${className}`);
      return;
    }
    if (!this.#schema.isSubclass(className, wanted)) {
      this.fail(`${place}: expected a reference to ${wanted}, got one to ${className}`);
    }
  }

  #embedded(place: string, rule: PropertyCheck, value: CimScalar): CimScalar {
    if (typeof value !== 'object' || (value.kind !== 'instance' && value.kind !== 'class')) {
      return this.fail(`${place}: expected an embedded object, got ${describeValue(value)}`);
    }
    if (value.kind === 'class') {
      return rule.property.embedded === 'object' ? value : this.fail(`${place}: expected an instance, got a class`);
    }
    if (rule.embeddedClass !== null && !this.#schema.isSubclass(value.className, rule.embeddedClass)) {
      this.fail(`${place}: expected an instance of ${rule.embeddedClass}, got one of ${value.className}`);
    }
    const cls = this.#schema.get(value.className);
    if (cls === undefined) return this.fail(`${place}: class ${value.className} does not exist`);
    if (this.#depth > deepestEmbedding) this.fail(`${place}: embedded objects are nested too deep`);
    return this.#nested(cls, value);
  }

  #nested(cls: CimClass, value: CimInstance): CimInstance {
    const given = value.shape === shapeOf(cls) ? value : coerceNested(cls, value, this.#options.decodeEmbedded);
    const check = new InstanceCheck(this.#schema, 'embedded', this.#options, this.#depth + 1);
    if (this.#purpose !== 'provider') return check.run(cls, given);
    try {
      return check.run(cls, given);
    } catch (cause) {
      throw cause instanceof CimError ? new CimError(1, cause.description, { cause }) : cause;
    }
  }

  #named(instance: CimInstance): CimInstance {
    const location = { host: instance.path?.host ?? null, namespace: instance.path?.namespace ?? null };
    return instance.withPath(pathFromValues(instance.shape, instance.values, location));
  }

  #checkPath(cls: CimClass, instance: CimInstance): CimInstance {
    const path = instance.path;
    if (path === null) {
      if (this.#purpose === 'modify') this.fail('the instance to modify has no name');
      return this.#named(instance);
    }
    const shape = instance.shape;
    const keys = keysOfClass(cls);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as CimPropertyDeclaration;
      const at = shape.indexOf(key.name);
      const value = instance.values[at];
      if (value === undefined) continue;
      const usual = path.keys[index];
      const found = usual?.name === key.name ? usual : findByName(path.keys, key.name);
      const binding = found?.value;
      if (binding === undefined || !agrees(value, binding)) {
        this.fail(`the key ${key.name} of the instance is not the one of its path; keys do not change`);
      }
    }
    return instance;
  }
}

const deepestEmbedding = 32;

function coerceNested(cls: CimClass, value: CimInstance, decode: EmbeddedDecoder | undefined): CimInstance {
  return coerceInstance(cls, value, decode === undefined ? {} : { decodeEmbedded: decode });
}

function agrees(value: CimValue, key: KeyValue): boolean {
  if (value === null || typeof value !== 'object') {
    return value === key || (typeof value === 'number' && typeof key === 'bigint' && BigInt(value) === key);
  }
  if (isCimArray(value)) return false;
  if (value.kind === 'datetime') return value.text === key;
  return value.kind === 'instance-path' && typeof key === 'object' && samePath(value, key);
}

/**
 * Checks an instance against its class and gives it back on the class's shape: names, types, array sizes, embedded classes,
 * reference classes, keys, Required; for clients also MaxLen, MinValue, MaxValue. `create` applies the class's defaults
 * and makes the path from the keys (null where keys are left to the provider). For `modify` and `provider` the keys of the
 * path must have been brought to the class's types (`normalizePath`).
 *
 * @param cls resolved class with the instance's name
 * @throws CimError 4 (client) or 1 (provider) with a sentence that names the place; 12 `modify` names an unknown property
 */
export function checkInstance(
  schema: Schema,
  cls: CimClass,
  instance: CimInstance,
  purpose: InstancePurpose,
  options: InstanceCheckOptions = {},
): CimInstance {
  return new InstanceCheck(schema, purpose, options, 0).run(cls, instance);
}
