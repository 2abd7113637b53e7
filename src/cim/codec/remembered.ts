import type { CimClass, CimInstance } from '../model/index.js';
import { type ClassDetail, classElement } from './write-class.js';
import { instanceElement } from './write-instance.js';
import { instanceNameElement } from './write-path.js';

/** Bytes of an instance: its name, and the instance itself with all properties and no class origins. */
export interface InstanceBytes {
  readonly name: Buffer | null;
  readonly body: Buffer;
}

/**
 * Bytes of immutable objects, kept only while the objects live and within a budget: two generations, of which the older is
 * dropped when the younger has used up its half. An object enters when it is written for the second time, so that
 * instances made for one answer leave nothing behind.
 */
class ByteMemory<K extends object, V extends object> {
  readonly #half: number;
  #used = 0;
  #seen = new WeakSet<K>();
  #young = new WeakMap<K, V>();
  #old = new WeakMap<K, V>();

  constructor(budget: number) {
    this.#half = budget / 2;
  }

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Whether the object was here before. */
  isSecond(key: K): boolean {
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    return false;
  }

  set(key: K, value: V, size: number): void {
    this.#used += size;
    if (this.#used > this.#half) {
      this.#old = this.#young;
      this.#young = new WeakMap();
      this.#seen = new WeakSet();
      this.#used = size;
    }
    this.#young.set(key, value);
  }
}

const megabyte = 1024 * 1024;
const instances = new ByteMemory<CimInstance, InstanceBytes>(64 * megabyte);
const classes = new ByteMemory<CimClass, Map<number, Buffer>>(32 * megabyte);

/** Remembered bytes of an instance, made on its second use; undefined on the first. */
export function instanceBytes(instance: CimInstance): InstanceBytes | undefined {
  const bytes = instances.get(instance);
  if (bytes !== undefined) return bytes;
  if (!instances.isSecond(instance)) return undefined;
  const made = {
    name: instance.path === null ? null : Buffer.from(instanceNameElement(instance.path)),
    body: Buffer.from(instanceElement(instance, false)),
  };
  instances.set(instance, made, made.body.length + (made.name?.length ?? 0));
  return made;
}

/** Bytes of a class in one of its four variants, remembered from the second use on. */
export function classBytes(cls: CimClass, detail: ClassDetail): Buffer {
  const variant = (detail.includeQualifiers ? 1 : 0) + (detail.includeClassOrigin ? 2 : 0);
  const variants = classes.get(cls);
  const remembered = variants?.get(variant);
  if (remembered !== undefined) return remembered;
  const bytes = Buffer.from(classElement(cls, detail));
  if (classes.isSecond(cls)) {
    const all = variants ?? new Map<number, Buffer>();
    all.set(variant, bytes);
    classes.set(cls, all, bytes.length);
  }
  return bytes;
}
