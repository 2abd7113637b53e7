import { type CimClass, CimInstance, type CimInstancePath, type InstanceShape } from '../model/index.js';
import { ByteBudget, ByteMemory } from './byte-memory.js';
import { type ClassDetail, classElement } from './write-class.js';
import { instanceElement } from './write-instance.js';
import { instanceNameElement } from './write-path.js';

/** Bytes of an instance, with all properties and no class origins. */
export interface InstanceBytes {
  /** INSTANCENAME, without place; null where there is no path. */
  readonly name: Buffer | null;
  /** INSTANCE. */
  readonly body: Buffer;
  /** The name, the end of INSTANCEPATH, the body. */
  readonly located: Buffer | null;
}

/** With what they were made of, for the values may come again in another instance. */
interface KnownInstance extends InstanceBytes {
  readonly shape: InstanceShape;
  readonly path: CimInstancePath | null;
}

/** Enough for all classes of a published schema, with qualifiers, beside the instances that are asked for most. */
const budget = new ByteBudget(128 * 1024 * 1024);
const instances = new ByteMemory<CimInstance['values'], KnownInstance>(budget);
const classes = new ByteMemory<CimClass, Map<number, Buffer>>(budget);
const batches = new ByteMemory<readonly unknown[], Map<number, Buffer>>(budget);

function isSameName(a: CimInstancePath | null, b: CimInstancePath | null): boolean {
  return a === b || (a !== null && b !== null && a.keys === b.keys && a.className === b.className);
}

/**
 * Remembered bytes of an instance, made on its second use if `fill`; else undefined, and always for instances that do not
 * last. The same values under another path with the same keys are the same instance seen from elsewhere.
 */
export function instanceBytes(instance: CimInstance, fill: boolean): InstanceBytes | undefined {
  const { shape, values, path } = instance;
  if (!instance.isLasting) return undefined;
  const known = instances.get(values);
  if (known !== undefined && known.shape === shape && isSameName(known.path, path)) return known;
  if (!fill || !instances.isSecond(values)) return undefined;
  const made: KnownInstance = { shape, path, ...bytesOf(instance) };
  instances.set(values, made, (made.located ?? made.body).length);
  return made;
}

function bytesOf(instance: CimInstance): InstanceBytes {
  const body = instanceElement(instance, false);
  if (instance.path === null) return { name: null, body: Buffer.from(body), located: null };
  const name = Buffer.from(instanceNameElement(instance.path));
  const located = Buffer.concat([name, Buffer.from(`</INSTANCEPATH>${body}`)]);
  return {
    name: located.subarray(0, name.length),
    body: located.subarray(name.length + '</INSTANCEPATH>'.length),
    located,
  };
}

function variantOf(detail: ClassDetail): number {
  return (detail.includeQualifiers ? 1 : 0) + (detail.includeClassOrigin ? 2 : 0);
}

function total(variants: ReadonlyMap<number, Buffer>): number {
  let size = 0;
  for (const bytes of variants.values()) size += bytes.length;
  return size;
}

/** Bytes of a class in one of its four variants, remembered from the second use on if `fill`. */
export function classBytes(cls: CimClass, detail: ClassDetail, fill: boolean): Buffer {
  const variant = variantOf(detail);
  const variants = classes.get(cls);
  const remembered = variants?.get(variant);
  if (remembered !== undefined) return remembered;
  const bytes = Buffer.from(classElement(cls, detail));
  if (fill && classes.isSecond(cls)) {
    const all = new Map(variants).set(variant, bytes);
    classes.set(cls, all, total(all));
  }
  return bytes;
}

function isLasting(item: unknown): boolean {
  return !(item instanceof CimInstance) || item.isLasting;
}

/**
 * Bytes of a whole batch, remembered from the second use on; undefined on the first, and always for arrays that may still
 * change.
 */
export function batchBytes(batch: readonly unknown[], detail: ClassDetail, make: () => Buffer): Buffer | undefined {
  if (!Object.isFrozen(batch)) return undefined;
  const variant = variantOf(detail);
  const variants = batches.get(batch);
  const remembered = variants?.get(variant);
  if (remembered !== undefined) return remembered;
  if (!batches.isSecond(batch) || !batch.every(isLasting)) return undefined;
  const bytes = make();
  const all = new Map(variants).set(variant, bytes);
  batches.set(batch, all, total(all));
  return bytes;
}
