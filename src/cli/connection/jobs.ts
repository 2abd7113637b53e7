import type { Command } from 'commander';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { WbemClient } from '../../client/index.js';
import type { JobWait } from '../../client/management/index.js';
import { Exit, exitStatus } from '../exit.js';
import { JobProgress, type Streams, writeAnswer } from '../output/index.js';
import { outputForm } from './options.js';

/** Options of commands whose work may go on in a job of the host. */
export interface JobOptions {
  /** False where the user said --no-wait. */
  readonly wait?: boolean;
  readonly output?: string;
}

/** Adds the option of commands whose work may go on in a job. */
export function withJobs(command: Command): Command {
  return command.option('--no-wait', 'where the host goes on in a job: print its path and leave');
}

/** Follows a job with its progress on a terminal; with --no-wait the command ends where one begins. */
export function jobWait(streams: Streams, options: JobOptions, client: WbemClient, namespace: string): JobWait {
  return async (path) => {
    if (options.wait === false) {
      // Without the host, so that it may stand behind --url or a saved connection.
      const job = formatObjectPath({ ...path, host: null });
      await writeAnswer(streams, outputForm(options), job, { job });
      throw new Exit(exitStatus.done);
    }
    const { followJob } = await import('../../client/management/index.js');
    const progress = new JobProgress(streams);
    try {
      return await followJob(client, path, {
        namespace,
        onProgress: ({ name, percent }) => progress.at(name, percent),
      });
    } finally {
      progress.end();
    }
  };
}
