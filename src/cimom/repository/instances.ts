import {
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  type CimValue,
  CimInstance as Instance,
  foldName,
  shapeOf,
} from '../../cim/model/index.js';
import { type Batches, CimError } from '../../cim/operations/index.js';
import { checkInstance, coerceInstance } from '../../cim/schema/index.js';
import { prefixEnd, type Store, type StoreReader, type StoreTransaction } from '../../store/index.js';
import type { Catalogue } from './catalogue.js';
import type { InstanceCache } from './instance-cache.js';
import { area, endClassPrefix, endKey, endPrefix, keyText } from './keys.js';
import { Population } from './population.js';
import { placesOfReferences, References, type Neighbours } from './references.js';
import type { ChangeWork } from './repository.js';
import { namesOf, residentBatch } from './resident.js';

interface Parts {
  readonly store: Store;
  readonly cache: InstanceCache;
  readonly catalogue: Catalogue;
  /** Number of the namespace. */
  readonly space: string;
  /** Name of the namespace, as it was created. */
  readonly name: string;
  readonly neighbours: Neighbours;
}

interface Place {
  readonly cls: CimClass;
  readonly population: Population;
  /** Number of the class. */
  readonly id: string;
  readonly path: CimInstancePath;
  readonly text: string;
}

/** The instances of one namespace: reading, writing and the index of association ends. */
export class Instances {
  readonly #parts: Parts;
  readonly #references: References;
  readonly #folded: string;
  readonly #populations = new Map<string, Population>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#references = new References(parts.name, parts.neighbours);
    this.#folded = foldName(parts.name);
  }

  /** Forgets what it knows of the populations, after the store was changed from elsewhere. */
  reload(): void {
    this.#populations.clear();
  }

  population(className: string): Population | undefined {
    const header = this.#parts.catalogue.header(className);
    return header === undefined ? undefined : this.#populationOf(header.id);
  }

  #populationOf(id: string): Population {
    let population = this.#populations.get(id);
    if (population === undefined) {
      const { store, cache, name, catalogue } = this.#parts;
      const shapes = (className: string) => {
        const cls = catalogue.schema.get(className);
        return cls === undefined ? undefined : shapeOf(cls);
      };
      population = new Population({ store, cache, id, namespace: name, shapes });
      this.#populations.set(id, population);
    }
    return population;
  }

  hasInstances(reader: StoreReader, className: string): boolean {
    return this.population(className)?.has(reader) ?? false;
  }

  /** @throws CimError 5, 4 (the keys are not those of the class) */
  #locate(path: CimInstancePath): Place {
    const cls = this.#parts.catalogue.schema.get(path.className);
    const header = this.#parts.catalogue.header(path.className);
    if (cls === undefined || header === undefined) throw new CimError(5, `class ${path.className} does not exist`);
    const normal = this.#references.within(cls, path);
    const { name } = this.#parts;
    const placed =
      normal.namespace === name && normal.host === null ? normal : { ...normal, namespace: name, host: null };
    const text = keyText(placed, this.#folded);
    return { cls, population: this.#populationOf(header.id), id: header.id, path: placed, text };
  }

  get(path: CimInstancePath): CimInstance | undefined {
    if (this.#parts.catalogue.header(path.className) === undefined) return undefined;
    const { cls, population, text } = this.#locate(path);
    return population.get(cls, text);
  }

  async create(instance: CimInstance, work?: ChangeWork): Promise<CimInstancePath> {
    const { schema } = this.#parts.catalogue;
    const cls = schema.get(instance.className);
    if (cls === undefined) throw new CimError(5, `class ${instance.className} does not exist`);
    const after = this.#references.normalizeInstance(checkInstance(schema, cls, instance, 'create'));
    if (after.path === null) throw new CimError(4, `class ${cls.name} has no keys: its instances cannot be stored`);
    const place = this.#locate(after.path);
    return this.#parts.store.transaction((tx) => {
      if (place.population.exists(tx, place.text)) {
        throw new CimError(11, `an instance of ${cls.name} with these keys exists already`);
      }
      place.population.put(tx, cls, place.text, after, true);
      this.#changeEnds(tx, place, null, after);
      work?.(tx, { kind: 'instance', namespace: this.#parts.name, path: place.path, before: null, after });
      return place.path;
    });
  }

  async modify(instance: CimInstance, propertyList: readonly string[] | null, work?: ChangeWork): Promise<void> {
    if (instance.path === null) throw new CimError(4, 'the instance to modify has no name');
    const place = this.#locate(instance.path);
    const { schema } = this.#parts.catalogue;
    const given = coerceInstance(place.cls, instance.withPath(place.path), { unknownProperty: 12 });
    const chosen = choose(place.cls, given, propertyList);
    const checked = this.#references.normalizeInstance(checkInstance(schema, place.cls, chosen, 'modify'));
    return this.#parts.store.transaction((tx) => {
      const before = place.population.read(tx, place.cls, place.text);
      if (before === undefined) throw notFound(place);
      const values = before.values.map(
        (value, at) => checked.values[at] ?? (checked.values[at] === null ? null : value),
      );
      const after = new Instance(before.shape, values, before.path);
      place.population.put(tx, place.cls, place.text, after, false);
      this.#changeEnds(tx, place, before, after);
      work?.(tx, { kind: 'instance', namespace: this.#parts.name, path: place.path, before, after });
    });
  }

  async delete(path: CimInstancePath, work?: ChangeWork): Promise<void> {
    const place = this.#locate(path);
    const needed = work !== undefined || placesOfReferences(shapeOf(place.cls)).length > 0;
    return this.#parts.store.transaction((tx) => {
      const before = needed ? place.population.read(tx, place.cls, place.text) : undefined;
      if (!place.population.delete(tx, place.text)) throw notFound(place);
      if (before === undefined) return;
      this.#changeEnds(tx, place, before, null);
      work?.(tx, { kind: 'instance', namespace: this.#parts.name, path: place.path, before, after: null });
    });
  }

  #changeEnds(tx: StoreTransaction, place: Place, before: CimInstance | null, after: CimInstance | null): void {
    if (placesOfReferences(shapeOf(place.cls)).length === 0) return;
    const { space } = this.#parts;
    const old = before === null ? new Set<string>() : this.#references.ends(before);
    const now = after === null ? new Set<string>() : this.#references.ends(after);
    for (const end of old) if (!now.has(end)) tx.delete(area, endKey(space, end, place.id, place.text));
    for (const end of now) if (!old.has(end)) tx.put(area, endKey(space, end, place.id, place.text), '');
  }

  async *walk(className: string, batchSize: number = residentBatch): Batches<CimInstance> {
    const population = this.population(className);
    if (population !== undefined) {
      yield* population.walk(() => this.#parts.catalogue.schema.get(className), Math.max(1, batchSize));
    }
  }

  async *walkPaths(className: string, batchSize: number = residentBatch): Batches<CimInstancePath> {
    for await (const batch of this.walk(className, batchSize)) {
      yield namesOf(batch);
    }
  }

  async *referencing(path: CimInstancePath, className?: string): Batches<CimInstance> {
    const { store, space, catalogue } = this.#parts;
    const end = this.#references.end(this.#references.normalize(path));
    const whole = endPrefix(space, end);
    const only = className === undefined ? undefined : catalogue.header(className);
    if (className !== undefined && only === undefined) return;
    const prefix = only === undefined ? whole : endClassPrefix(space, end, only.id);
    for (let from = prefix; ; ) {
      const page = store.range(area, from, prefixEnd(prefix), residentBatch);
      const last = page.at(-1);
      if (last === undefined) return;
      const batch = page.flatMap(({ key }) => this.#atEnd(key.slice(whole.length)) ?? []);
      if (batch.length > 0) yield batch;
      if (page.length < residentBatch) return;
      from = `${last.key}\u0000`;
    }
  }

  /** @param rest of the key in the index: number of the class, slash, key text */
  #atEnd(rest: string): CimInstance | undefined {
    const at = rest.indexOf('/');
    const header = this.#parts.catalogue.headerOfId(rest.slice(0, at));
    const cls = header === undefined ? undefined : this.#parts.catalogue.schema.get(header.name);
    return cls === undefined || header === undefined
      ? undefined
      : this.#populationOf(header.id).get(cls, rest.slice(at + 1));
  }

  referencingClasses(path: CimInstancePath): readonly string[] {
    const { store, space, catalogue } = this.#parts;
    const prefix = endPrefix(space, this.#references.end(this.#references.normalize(path)));
    const names: string[] = [];
    for (let from = prefix; ; ) {
      const entry = store.range(area, from, prefixEnd(prefix), 1)[0];
      if (entry === undefined) return names;
      const rest = entry.key.slice(prefix.length);
      const id = rest.slice(0, rest.indexOf('/'));
      const header = catalogue.headerOfId(id);
      if (header !== undefined) names.push(header.name);
      // '0' follows '/': the first key behind all of this class.
      from = `${prefix}${id}0`;
    }
  }
}

function notFound(place: Place): CimError {
  return new CimError(6, `there is no instance of ${place.cls.name} with these keys`);
}

/** Only what is to change; what is named but not given takes the class's default (DSP0200 5.4.2.9). */
function choose(cls: CimClass, instance: CimInstance, propertyList: readonly string[] | null): CimInstance {
  if (propertyList === null) return instance;
  const { shape } = instance;
  const values: (CimValue | undefined)[] = instance.values.map(() => undefined);
  for (const name of propertyList) {
    const at = shape.indexOf(name);
    if (at < 0) throw new CimError(12, `${cls.name} has no property ${name}`);
    const absent = shape.properties[at]?.isKey === true ? undefined : (cls.properties[at]?.defaultValue ?? null);
    const value = instance.values[at];
    values[at] = value === undefined ? absent : value;
  }
  return new Instance(shape, values, instance.path);
}
