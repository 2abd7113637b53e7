import {
  type CimInstance,
  type CimInstancePath,
  type CimValue,
  createInstance,
  instanceIdentity,
} from '../../cim/model/index.js';
import type { Provider, ProviderContext } from '../provider/index.js';

export type Values = Readonly<Record<string, CimValue | undefined>>;

/** A class of which there are few instances, all made at once. */
export interface DescribedClass {
  readonly className: string;
  readonly namespaces: readonly string[];
  readonly rows: (context: ProviderContext) => Iterable<Values> | Promise<Iterable<Values>>;
  readonly more?: Partial<Omit<Provider, 'className' | 'namespaces' | 'enumerate'>>;
}

/** A provider of instances that are made anew for each request. */
export function described({ className, namespaces, rows, more }: DescribedClass): Provider {
  const all = async (context: ProviderContext): Promise<CimInstance[]> => {
    const cls = context.classes.get(className);
    return [...(await rows(context))].map((values) => createInstance(cls, values));
  };
  return {
    className,
    namespaces,
    async *enumerate(context) {
      yield await all(context);
    },
    async get(context, path) {
      const wanted = instanceIdentity(path);
      const found = (await all(context)).find((instance) => isNamed(instance.path, wanted));
      return found ?? null;
    },
    ...more,
  };
}

function isNamed(path: CimInstancePath | null, identity: string): boolean {
  return path !== null && instanceIdentity(path) === identity;
}

/** The keys of a path as properties of its instance. */
export function keyValues(path: CimInstancePath): Values {
  return Object.fromEntries(path.keys.map((key) => [key.name, key.value]));
}
