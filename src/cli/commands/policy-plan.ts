import { connectHost, type ConnectionOptions, outputForm } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { print, type Streams, toJson, writeRecords } from '../output/index.js';

/** `tvdc policy enable --plan`: what enabling would do. @throws Exit 1 where it would be refused */
export async function planPolicyOnHost(
  streams: Streams,
  name: string,
  version: string,
  options: ConnectionOptions,
): Promise<void> {
  const form = outputForm(options);
  const { planPolicy } = await import('../../client/management/index.js');
  const host = await connectHost(options);
  const { path } = await host.policy(`${name} ${version}`);
  if (path === null) throw new UsageError('the server returned a policy without a path');
  const plan = await planPolicy(host, path);
  if (form === 'table') {
    const part = (title: string, sentences: readonly string[]): string =>
      sentences.length === 0 ? '' : `${title}\n${sentences.map((sentence) => `  ${sentence}\n`).join('')}`;
    const verdict = `${name} ${version} ${plan.permitted ? 'can be enabled' : 'cannot be enabled'} now: ${plan.sentence}\n`;
    await print(
      streams,
      verdict +
        part('would break now:', plan.breaks) +
        part('would be refused later:', plan.dormant) +
        part('labels that lose their definition:', plan.invalidated),
    );
  } else await print(streams, `${toJson({ name, version, ...plan }, form === 'json' ? 2 : undefined)}\n`);
  if (!plan.permitted) throw new Exit(exitStatus.no);
}

/** `tvdc policy statistics`: what the reference monitor of a host has counted. */
export async function policyStatistics(streams: Streams, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { accessStatistics } = await import('../../client/management/index.js');
  const { hooks, ...counted } = await accessStatistics(await connectHost(options));
  if (form !== 'table') {
    return print(streams, `${toJson({ hooks, ...counted }, form === 'json' ? 2 : undefined)}\n`);
  }
  await writeRecords(streams, form, hooks, [
    ['HOOK', (row) => row.hook],
    ['EVALUATIONS', (row) => String(row.evaluations)],
    ['DENIALS', (row) => String(row.denials)],
  ]);
  await print(
    streams,
    `\nadmitted ${counted.admissions}, kept out ${counted.refusedAdmissions}, left ${counted.departures}; ` +
      `policy updates ${counted.policyUpdates}, refused ${counted.refusedUpdates}\n`,
  );
}
