import {
  type CimInstance,
  type CimInstancePath,
  type CimValue,
  createInstance,
  sameName,
  samePath,
} from '../../cim/index.js';
import type { MethodFunction, Provider, ProviderContext } from '../../cimom/index.js';

export type Values = Readonly<Record<string, CimValue | undefined>>;

const batchSize = 100;

/** A class whose instances are shown from records. */
export interface ListOptions<T> {
  readonly className: string;
  readonly namespace: string;
  rows(): Iterable<T>;
  values(row: T, context: ProviderContext): Values;
  /** By its path, without looking at all of them. */
  find?(path: CimInstancePath): T | undefined;
  readonly methods?: Readonly<Record<string, MethodFunction>>;
  readonly modify?: Provider['modify'];
  readonly delete?: Provider['delete'];
}

async function* inBatches<T>(
  rows: Iterable<T>,
  toInstance: (row: T) => CimInstance,
): AsyncGenerator<readonly CimInstance[]> {
  let batch: CimInstance[] = [];
  for (const row of rows) {
    batch.push(toInstance(row));
    if (batch.length === batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** A provider of instances made from records. */
export function listProvider<T>(options: ListOptions<T>): Provider {
  const make = (context: ProviderContext, row: T): CimInstance =>
    createInstance(context.classes.get(options.className), options.values(row, context), {
      namespace: options.namespace,
    });

  const get = async (context: ProviderContext, path: CimInstancePath): Promise<CimInstance | null> => {
    if (options.find !== undefined) {
      const row = options.find(path);
      if (row === undefined) return null;
      const instance = make(context, row);
      return instance.path !== null && samePath(instance.path, path) ? instance : null;
    }
    for (const row of options.rows()) {
      const instance = make(context, row);
      if (instance.path !== null && samePath(instance.path, path)) return instance;
    }
    return null;
  };

  return {
    className: options.className,
    namespaces: [options.namespace],
    enumerate: (context) => inBatches(options.rows(), (row) => make(context, row)),
    get,
    ...(options.methods === undefined ? {} : { methods: options.methods }),
    ...(options.modify === undefined ? {} : { modify: options.modify }),
    ...(options.delete === undefined ? {} : { delete: options.delete }),
  };
}

/** Two ends of an association, by role, and what else the association says. */
export type Link = Values;

export interface AssociationOptions {
  readonly className: string;
  readonly namespace: string;
  links(): Iterable<Link>;
  /** Links of one object, without looking at all of them. */
  linksOf?(object: CimInstancePath): Iterable<Link>;
}

/** Whether a value is a reference to an instance. */
export function isPath(value: CimValue | undefined): value is CimInstancePath {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path';
}

/** A provider of association instances made from pairs of paths. */
export function associationProvider(options: AssociationOptions): Provider {
  const make = (context: ProviderContext, link: Link): CimInstance =>
    createInstance(context.classes.get(options.className), link, { namespace: options.namespace });
  const candidates = (object: CimInstancePath): Iterable<Link> =>
    options.linksOf === undefined ? options.links() : options.linksOf(object);
  const plays = (link: Link, object: CimInstancePath, role: string | null): boolean =>
    Object.entries(link).some(
      ([name, value]) => (role === null || sameName(name, role)) && isPath(value) && samePath(value, object),
    );
  return {
    className: options.className,
    namespaces: [options.namespace],
    enumerate: (context) => inBatches(options.links(), (link) => make(context, link)),
    async get(context, path) {
      const ends = path.keys.map(({ name, value }) => ({ name, value: value }));
      const object = ends.map(({ value }) => value).find((value) => isPath(value));
      if (object === undefined) return null;
      for (const link of candidates(object)) {
        const joins = ends.every(({ name, value }) => {
          const end = link[name];
          return isPath(end) && isPath(value) && samePath(end, value);
        });
        if (joins) return make(context, link);
      }
      return null;
    },
    references(context, object, role) {
      const mine = function* (): Iterable<Link> {
        for (const link of candidates(object)) if (plays(link, object, role)) yield link;
      };
      return inBatches(mine(), (link) => make(context, link));
    },
  };
}
