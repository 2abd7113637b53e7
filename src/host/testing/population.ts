import { TvdcError } from '../../base/index.js';
import {
  type CimInstance,
  type CimQualifierType,
  compileMofStrictly,
  createInstance,
  createMapLoader,
  createMemorySource,
  type MofSource,
  parseNamespace,
  type SchemaSource,
} from '../../cim/index.js';
import type { NamespaceRepository, Repository } from '../../cimom/repository/index.js';
import { readShippedMof } from '../foundation/index.js';
import type { TestInstance, TestServerOptions } from './options.js';

const interop = 'root/interop';
const qualifierFile = 'qualifiers.mof';

interface Shipped {
  readonly files: ReadonlyMap<string, string>;
  readonly qualifierTypes: readonly CimQualifierType[];
  readonly source: SchemaSource;
}

let shipped: Shipped | null = null;

/** The shipped texts and the DMTF's qualifier types: read once for all servers of a process. */
function shippedMof(): Shipped {
  if (shipped !== null) return shipped;
  const files = readShippedMof();
  const compiled = compileMofStrictly(createMapLoader(files), [qualifierFile]);
  const qualifierTypes = compiled.namespaces.flatMap((unit) => unit.qualifierTypes);
  shipped = { files, qualifierTypes, source: createMemorySource([], qualifierTypes) };
  return shipped;
}

async function spaceOf(repository: Repository, name: string): Promise<NamespaceRepository> {
  const found = repository.space(name);
  if (found !== undefined) return found;
  const space = await repository.createNamespace(name);
  await space.importSchema({ qualifierTypes: shippedMof().qualifierTypes, classes: [] });
  return space;
}

function toSources(mof: TestServerOptions['mof']): readonly MofSource[] {
  const texts = mof === undefined ? [] : typeof mof === 'string' ? [mof] : mof;
  return texts.map((text, at) => ({ name: texts.length === 1 ? 'mof' : `mof[${at}]`, text }));
}

/** What the repository has already, so that a text may build on it. */
function existing(repository: Repository, name: string): SchemaSource {
  const schema = repository.space(name)?.schema;
  if (schema === undefined) return shippedMof().source;
  return {
    find: (className) => schema.declared(className),
    names: () => schema.names(),
    qualifierType: (type) => schema.qualifierType(type),
  };
}

async function addInstance(
  repository: Repository,
  namespace: string,
  wanted: CimInstance | TestInstance,
): Promise<void> {
  const name = 'kind' in wanted ? (wanted.path?.namespace ?? namespace) : (wanted.namespace ?? namespace);
  const space = await spaceOf(repository, name);
  if ('kind' in wanted) {
    await space.createInstance(wanted);
    return;
  }
  const cls = space.schema.get(wanted.class);
  if (cls === undefined) {
    throw new TvdcError('unknown_class', `there is no class ${wanted.class} in ${name}: declare it in mof`);
  }
  await space.createInstance(createInstance(cls, wanted.properties));
}

/** Brings namespaces, classes and instances into an empty repository. @throws MofError `bad_mof` */
export async function populate(repository: Repository, options: TestServerOptions): Promise<string> {
  const namespace = parseNamespace(options.namespace ?? 'root/cimv2');
  for (const name of [interop, namespace, ...(options.namespaces ?? [])]) await spaceOf(repository, name);
  const compiled = compileMofStrictly(createMapLoader(shippedMof().files), toSources(options.mof), {
    namespace,
    existing: (name) => existing(repository, name),
  });
  for (const unit of compiled.namespaces) {
    const space = await spaceOf(repository, unit.name);
    await space.importSchema(unit);
    for (const instance of unit.instances) await space.createInstance(instance);
  }
  for (const instance of options.instances ?? []) await addInstance(repository, namespace, instance);
  return namespace;
}
