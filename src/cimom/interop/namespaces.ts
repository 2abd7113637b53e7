import { systemClock, systemRandomness } from '../../base/index.js';
import {
  type CimInstancePath,
  createInstance,
  createInstancePath,
  foldName,
  instanceIdentity,
  stringKey,
} from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { createRepositoryWork, noIndications, type RepositoryWork } from '../indications/index.js';
import { Namespaces } from '../namespaces.js';
import type { Provider, ProviderContext } from '../provider/index.js';
import { described, keyValues, type Values } from './described.js';
import type { InteropOptions } from './options.js';
import type { InteropPaths } from './paths.js';

const cimClassType = 2;
/** Stricter than what is read: a percent sign, say, means something else in the headers of every request. */
const newName = /^\/*[\p{L}\p{N}_-]+(?:\/[\p{L}\p{N}_-]+)*\/*$/u;

/** Namespaces below one, relative to it: each under its nearest ancestor that is a namespace itself. */
export function childNames(names: readonly string[], parent: string): readonly string[] {
  const prefix = `${foldName(parent)}/`;
  const below = names.filter((name) => foldName(name).startsWith(prefix));
  const isNearest = (name: string): boolean =>
    !below.some((other) => other !== name && foldName(name).startsWith(`${foldName(other)}/`));
  return below.filter(isNearest).map((name) => name.slice(prefix.length));
}

function nameOf(path: CimInstancePath): string {
  return stringKey(path, 'Name') ?? '';
}

/** Lists, creates and deletes namespaces, whatever they are called in the model. */
export interface NamespaceDesk {
  /** Those that there are, as they were created and as the caller spells them: interop goes by the name that was used. */
  all(context: ProviderContext): readonly { readonly canonical: string; readonly name: string }[];
  /** @returns the name as it was created @throws CimError 4, 11 */
  create(context: ProviderContext, name: string | null): Promise<string>;
  /** @throws CimError 6, 20 */
  remove(context: ProviderContext, name: string): Promise<void>;
}

export function createNamespaceDesk(options: InteropOptions): NamespaceDesk {
  const { repository } = options;
  const known = new Namespaces(repository, []);
  const recorded: RepositoryWork = createRepositoryWork({
    repository,
    sink: noIndications,
    journal: options.journal ?? null,
    clock: options.clock ?? systemClock,
    randomness: options.randomness ?? systemRandomness,
    host: options.systemName,
  });
  return {
    all(context) {
      const here = known.find(context.namespace)?.space.name;
      return repository
        .namespaces()
        .map((canonical) => ({ canonical, name: canonical === here ? context.namespace : canonical }));
    },
    async create(context, given) {
      const name = given?.trim() ?? '';
      if (name === '') throw new CimError(4, 'the Name of the namespace is missing');
      if (!newName.test(name)) {
        throw new CimError(
          4,
          `not a name for a namespace: "${name}"; expected letters, digits, _ and - between slashes`,
        );
      }
      if (known.find(name) !== undefined) throw new CimError(11, `namespace ${name} exists already`);
      return (await repository.createNamespace(name, recorded(context.caller))).name;
    },
    async remove(context, name) {
      const space = known.find(name)?.space;
      if (space === undefined) throw new CimError(6, `there is no namespace ${name}`);
      if (childNames(repository.namespaces(), space.name).length > 0) {
        throw new CimError(20, `namespace ${space.name} has namespaces below it`);
      }
      await repository.deleteNamespace(space.name, recorded(context.caller));
    },
  };
}

/** CIM_Namespace, CIM_NamespaceInManager and `__Namespace`: to list, create and delete namespaces. */
export function namespaceProviders(
  options: InteropOptions,
  paths: InteropPaths,
  desk: NamespaceDesk,
  interop: readonly string[],
): readonly Provider[] {
  const { repository } = options;
  const known = new Namespaces(repository, []);

  const values = (name: string): Values => ({
    ...keyValues(paths.namespace(name)),
    ElementName: name,
    Caption: name,
    ClassInfo: 0,
    ClassType: cimClassType,
  });

  const namespace = described({
    className: 'CIM_Namespace',
    namespaces: interop,
    rows: (context) => desk.all(context).map(({ name }) => values(name)),
    more: {
      async get(context, path) {
        const name = nameOf(path);
        const space = known.find(name)?.space;
        const isHome = space !== undefined && interop.includes(space.name);
        if (space === undefined || (!isHome && space.name !== name)) return null;
        if (instanceIdentity(path) !== instanceIdentity(paths.namespace(name))) return null;
        return createInstance(context.classes.get('CIM_Namespace'), values(name));
      },
      create: async (context, given) => paths.namespace(await desk.create(context, given.getString('Name'))),
      delete: (context, path) => desk.remove(context, nameOf(path)),
    },
  });

  const inManager = described({
    className: 'CIM_NamespaceInManager',
    namespaces: interop,
    rows: (context) =>
      desk.all(context).map(({ name }) => ({ Antecedent: paths.objectManager(), Dependent: paths.namespace(name) })),
  });

  const canonical = (context: ProviderContext): string =>
    known.find(context.namespace)?.space.name ?? context.namespace;
  const child = described({
    className: '__Namespace',
    namespaces: repository
      .namespaces()
      .filter((name) => repository.space(name)?.schema.get('__Namespace') !== undefined),
    rows: (context) => childNames(repository.namespaces(), canonical(context)).map((name) => ({ Name: name })),
    more: {
      async create(context, given) {
        const parent = canonical(context);
        const name = given.getString('Name')?.trim() ?? '';
        if (name === '') throw new CimError(4, 'the Name of the namespace is missing');
        const made = await desk.create(context, `${parent}/${name}`);
        return createInstancePath('__Namespace', { Name: made.slice(parent.length + 1) });
      },
      delete: (context, path) => desk.remove(context, `${canonical(context)}/${nameOf(path)}`),
    },
  });
  return [namespace, inManager, child];
}
