import { ConfigurationError, type Log, messageOf } from '../../base/index.js';
import { type ProviderRegistry, RegistrationError } from '../../cimom/index.js';
import type { ProviderProcess } from '../../cimom/process-providers/index.js';
import type { Repository } from '../../cimom/repository/index.js';
import { type ProviderFile } from './read.js';
import { loadProviderSchema } from './schema.js';

/** Provider processes that are in place. */
export interface ProviderFiles {
  close(): Promise<void>;
}

/**
 * Puts providers in place that run in processes of their own: their classes, then themselves. A process that cannot be started
 * now is tried again when it is needed.
 * @throws ConfigurationError `bad_provider` the classes do not compile, or another provider serves one of them
 */
export async function openProviderFiles(
  files: readonly ProviderFile[],
  {
    repository,
    registry,
    log,
  }: { readonly repository: Repository; readonly registry: ProviderRegistry; readonly log: Log },
): Promise<ProviderFiles> {
  const processes: ProviderProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(processes.splice(0).map((process) => process.close()));
  };
  try {
    for (const file of files) {
      await loadProviderSchema(repository, file);
      const process = file.createProcess(log);
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
