import { CimInstance, type CimInstancePath, type CimValue, sameName } from '../../../cim/model/index.js';
import { type Batches, CimError } from '../../../cim/operations/index.js';
import type { Provider, ProviderContext } from '../../provider/index.js';
import type { ChangeWork, NamespaceRepository } from '../../repository/index.js';
import type { Caller } from '../../security/index.js';

/** What is particular about a class whose instances clients manage and the repository keeps. */
export interface StoredClass {
  readonly className: string;
  /** The instance to be created: keys complete, everything checked. @throws CimError */
  prepare(context: ProviderContext, given: CimInstance): CimInstance;
  /** The instance as it will be after a change, checked. @throws CimError */
  change(context: ProviderContext, before: CimInstance, after: CimInstance): CimInstance;
  /** @throws CimError it is in use */
  checkDelete(path: CimInstancePath): void;
  /** Runs in the transaction of every change. */
  work(caller: Caller): ChangeWork;
  /** As it is shown. */
  show?(instance: CimInstance): CimInstance;
}

export interface StoredProviderParts {
  readonly space: NamespaceRepository;
  /** One change at a time: what a check saw must still be true when the change is made. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

function merge(before: CimInstance, given: CimInstance, propertyList: readonly string[] | null): CimInstance {
  const values = before.values.map((value, at): CimValue | undefined => {
    const property = before.shape.properties[at];
    const named = propertyList === null || propertyList.some((name) => sameName(name, property?.name ?? ''));
    const changed = named && property?.isKey !== true ? given.values[at] : undefined;
    return changed === undefined ? value : changed;
  });
  return new CimInstance(before.shape, values, before.path);
}

/** A provider over the repository: the rules of the class before, the work of the class within each change. */
export function storedProvider(stored: StoredClass, { space, exclusively }: StoredProviderParts): Provider {
  const { className } = stored;
  const show = (instance: CimInstance): CimInstance => stored.show?.(instance) ?? instance;
  const shown = async function* (batches: Batches<CimInstance>): Batches<CimInstance> {
    for await (const batch of batches) yield stored.show === undefined ? batch : batch.map(show);
  };
  const existing = (path: CimInstancePath): CimInstance => {
    const found = space.getInstance(path);
    if (found === undefined) throw new CimError(6, `there is no instance of ${className} with these keys`);
    return found;
  };
  return {
    className,
    namespaces: [space.name],
    enumerate: () => shown(space.instances(className)),
    async get(_context, path) {
      const found = space.getInstance(path);
      return found === undefined ? null : show(found);
    },
    references: (_context, object) => shown(space.referencing(object, className)),
    create: (context, given) =>
      exclusively(() =>
        space.createInstance(stored.prepare(context, given).withPath(null), stored.work(context.caller)),
      ),
    modify: (context, given, propertyList) =>
      exclusively(async () => {
        const before = existing(given.path as CimInstancePath);
        const after = stored.change(context, before, merge(before, given, propertyList));
        await space.modifyInstance(after.withPath(before.path), null, stored.work(context.caller));
      }),
    delete: (context, path) =>
      exclusively(async () => {
        stored.checkDelete(path);
        await space.deleteInstance(path, stored.work(context.caller));
      }),
  };
}
