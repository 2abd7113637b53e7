import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigurationError } from '../../base/index.js';
import {
  compileMof,
  createMapLoader,
  decodeMof,
  formatDiagnostic,
  type MofSource,
  type SourceLoader,
} from '../../cim/index.js';
import type { Repository } from '../../cimom/repository/index.js';
import { readShippedMof } from '../foundation/index.js';
import type { ProviderFile } from './read.js';

/** The classes that every namespace of ours begins with. */
const shippedClasses = 'cim.mof';

function readIfThere(path: string): MofSource | null {
  try {
    return decodeMof(path, readFileSync(path));
  } catch {
    return null;
  }
}

/** Files beside the description, else those that come with the package. */
function loaderOver(folder: string): SourceLoader {
  const shipped = createMapLoader(readShippedMof());
  return {
    load(name, from) {
      const path = resolve(from?.name.startsWith('/') === true ? dirname(from.name) : folder, name);
      return readIfThere(path) ?? shipped.load(name, from);
    },
    findClass: (className) => shipped.findClass(className),
  };
}

/**
 * Brings the classes of a provider into each of its namespaces, which are made where they are missing. What is there stays.
 * @throws ConfigurationError `bad_provider`
 */
export async function loadProviderSchema(repository: Repository, file: ProviderFile): Promise<void> {
  const loader = loaderOver(file.folder);
  for (const namespace of new Set([...file.classes, ...file.indications].flatMap(({ namespaces }) => namespaces))) {
    const space = repository.space(namespace) ?? (await repository.createNamespace(namespace));
    if (file.mof.length === 0) continue;
    const isNew = space.qualifierType('Key') === undefined;
    const { schema } = space;
    const compilation = compileMof(loader, isNew ? [shippedClasses, ...file.mof] : file.mof, {
      namespace,
      existing: (name) =>
        name.toLowerCase() !== namespace.toLowerCase()
          ? undefined
          : {
              find: (className) => schema.declared(className),
              names: () => schema.names(),
              qualifierType: (qualifier) => schema.qualifierType(qualifier),
              superclassOf: (className) => schema.superclassOf(className),
            },
    });
    const [error] = compilation.errors;
    if (error !== undefined) {
      throw new ConfigurationError(
        'bad_provider',
        `the classes of the provider ${file.name}: ${formatDiagnostic(error)}`,
      );
    }
    for (const unit of compilation.namespaces) {
      const target = repository.space(unit.name) ?? (await repository.createNamespace(unit.name));
      await target.importSchema(unit);
    }
  }
}
