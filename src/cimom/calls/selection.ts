import { CimInstance, type CimValue, foldName, type InstanceShape } from '../../cim/model/index.js';

/** Cuts instances to the properties that are wanted; works out the places once for each shape. */
export class Selection {
  readonly #wanted: ReadonlySet<string>;
  readonly #places = new Map<InstanceShape, readonly number[] | null>();

  constructor(names: Iterable<string>) {
    this.#wanted = new Set([...names].map(foldName));
  }

  /** Places to keep; null: all. */
  #placesOf(shape: InstanceShape): readonly number[] | null {
    let places = this.#places.get(shape);
    if (places === undefined) {
      const kept = shape.properties.flatMap((property, at) => (this.#wanted.has(foldName(property.name)) ? [at] : []));
      places = kept.length === shape.properties.length ? null : kept;
      this.#places.set(shape, places);
    }
    return places;
  }

  /** The same batch where nothing is to be cut. */
  batch(batch: readonly CimInstance[]): readonly CimInstance[] {
    return batch.every(({ shape }) => this.#placesOf(shape) === null)
      ? batch
      : batch.map((instance) => this.apply(instance));
  }

  apply(instance: CimInstance): CimInstance {
    const places = this.#placesOf(instance.shape);
    if (places === null) return instance;
    const values = new Array<CimValue | undefined>(instance.values.length).fill(undefined);
    for (const at of places) values[at] = instance.values[at];
    return new CimInstance(instance.shape, values, instance.path);
  }
}
