import { type CimClass, type CimInstance, differences, formatDifference } from '../../cim/index.js';
import { type ConnectionOptions, outputForm } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { print, recordForms, type Streams, toJson } from '../output/index.js';
import type { Verb } from './wbem-read.js';
import { className, instancePath, targetOf } from './wbem-target.js';

async function objectAt(text: string, options: ConnectionOptions): Promise<CimInstance | CimClass> {
  const target = await targetOf(text, options);
  const { client, namespace } = target;
  if (target.path?.kind !== 'instance-path') return client.getClass(className(target), { namespace });
  // Where they lie is what the user said, and no difference.
  return (await client.getInstance(instancePath(target))).withPath(null);
}

/** `tvdc wbem diff`: two instances or two classes, of one server or two. */
export function addDiff(verb: Verb, streams: Streams): void {
  verb('diff', 'what two instances or classes do not have alike; status 1 where there is something', recordForms)
    .argument('<path>')
    .argument('<other>')
    .action(async (one: string, other: string, options: ConnectionOptions) => {
      const form = outputForm(options);
      const [a, b] = await Promise.all([objectAt(one, options), objectAt(other, options)]);
      if (a.kind !== b.kind) throw new UsageError('name two instances or two classes');
      const found = a.kind === 'instance' ? differences(a, b as CimInstance) : differences(a, b as CimClass);
      if (form === 'json') await print(streams, `${toJson(found, 2)}\n`);
      else {
        const line = form === 'ndjson' ? toJson : formatDifference;
        await print(streams, found.map((difference) => `${line(difference)}\n`).join(''));
      }
      if (found.length > 0) throw new Exit(exitStatus.no);
    });
}
