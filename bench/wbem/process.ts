import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const account = { user: 'bench', secret: 'a secret for loopback' } as const;

/** CPU of a process since it began, in milliseconds, and its resident memory in bytes. */
export interface Usage {
  readonly kind: 'usage';
  readonly cpu: number;
  readonly resident: number;
}

/** What the measured process tells. */
export type Report = Usage | { readonly kind: 'ready'; readonly port: number };

/** A server in a process of its own. */
export interface MeasuredServer {
  readonly port: number;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** @param arguments_ for node, such as those of a profiler */
export async function startServer(arguments_: readonly string[] = []): Promise<MeasuredServer> {
  const child = fork(fileURLToPath(new URL('object-manager.ts', import.meta.url)), {
    execArgv: ['--no-warnings', ...arguments_, '--import', './scripts/register-typescript.mjs'],
  });
  const next = async <K extends Report['kind']>(kind: K): Promise<Extract<Report, { readonly kind: K }>> => {
    const [report] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [Report | number];
    if (typeof report !== 'object' || report?.kind !== kind) throw new Error('the measured process ended');
    return report as Extract<Report, { readonly kind: K }>;
  };
  const { port } = await next('ready');
  return {
    port,
    usage() {
      const usage = next('usage');
      child.send('usage');
      return usage;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
