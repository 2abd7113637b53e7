import { ConfigurationError, type Log, messageOf } from '../../base/index.js';
import { isIndication, type Schema } from '../../cim/index.js';
import { type ProviderRegistry, RegistrationError } from '../../cimom/index.js';
import type { IndicationPorts, ProviderProcess } from '../../cimom/process-providers/index.js';
import type { Repository } from '../../cimom/repository/index.js';
import { type ProviderFile } from './read.js';
import { loadProviderSchema } from './schema.js';

/** Provider processes that are in place. */
export interface ProviderFiles {
  close(): Promise<void>;
}

/** What provider processes work with. */
export interface ProviderFilePorts {
  readonly repository: Repository;
  readonly registry: ProviderRegistry;
  /** Takes the indications that they raise. Never throws. */
  readonly publish: IndicationPorts['publish'];
  readonly log: Log;
}

/** @throws ConfigurationError `bad_provider` */
function checkIndications({ name, indications }: ProviderFile, repository: Repository): void {
  for (const { className, namespaces } of indications) {
    for (const namespace of namespaces) {
      const cls = repository.space(namespace)?.schema.get(className);
      if (cls !== undefined && isIndication(cls)) continue;
      const what = cls === undefined ? 'does not exist' : 'is no indication';
      throw new ConfigurationError('bad_provider', `the provider ${name}: ${className} ${what} in ${namespace}`);
    }
  }
}

/**
 * Puts providers in place that run in processes of their own: their classes, then themselves. A process that cannot be started
 * now is tried again when it is needed.
 * @throws ConfigurationError `bad_provider` the classes do not compile, another provider serves one of them, or what is to be
 *   raised is no indication
 */
export async function openProviderFiles(
  files: readonly ProviderFile[],
  { repository, registry, publish, log }: ProviderFilePorts,
): Promise<ProviderFiles> {
  const processes: ProviderProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(processes.splice(0).map((process) => process.close()));
  };
  try {
    for (const file of files) {
      await loadProviderSchema(repository, file);
      checkIndications(file, repository);
      const schema = (namespace: string): Schema | undefined => repository.space(namespace)?.schema;
      const process = file.createProcess(log, { schema, publish });
      processes.push(process);
      for (const provider of process.providers) registry.register(provider);
      // The log says why.
      void process.start().catch(() => undefined);
    }
  } catch (error) {
    await close();
    if (!(error instanceof RegistrationError)) throw error;
    throw new ConfigurationError('bad_provider', messageOf(error), { cause: error });
  }
  return { close };
}
