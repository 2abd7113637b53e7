import { Command } from 'commander';
import { TvdcError } from '../../base/index.js';
import type { AccessQuestion, ManagedHost } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { Exit, exitStatus } from '../exit.js';
import { print, type Streams, toJson } from '../output/index.js';
import { printReach } from './label-matrix.js';

type Options = ConnectionOptions & { readonly reach?: boolean };

const hooks: Readonly<Record<string, AccessQuestion['hook']>> = { TVDC_StorageVolume: 'resource', TVDC_VLAN: 'vlan' };

/** Who answers for an object; what is not seen here is taken for a virtual machine, which the host does not tell either. */
async function hookFor(host: ManagedHost, object: string): Promise<AccessQuestion['hook']> {
  if (object.startsWith('vlan:')) return 'vlan';
  try {
    return hooks[(await host.element(object)).path.className] ?? 'sharing';
  } catch (error) {
    if (error instanceof TvdcError && error.code === 'not_found') return 'sharing';
    throw error;
  }
}

/** `tvdc explain VM [VM|RESOURCE|VLAN]`: asks the reference monitor, without any effect. */
export function explainCommand(streams: Streams): Command {
  const command = new Command('explain')
    .argument('<subject>', 'a virtual machine, or Domain-0')
    .argument('[object]', 'another virtual machine, a volume, or vlan:<id>; without it: may the subject start?')
    .option('--reach', 'all that the subject could reach, were it taken over')
    .description('why a virtual machine may or may not reach something; status 1 if it may not');
  withConnection(command).action(async (subject: string, object: string | undefined, options: Options) => {
    if (options.reach === true) return printReach(streams, subject, options);
    const host = await connectHost(options);
    const hook = object === undefined ? 'authorization' : await hookFor(host, object);
    const answer = await host.evaluate({ hook, subject, ...(object === undefined ? {} : { object }) });
    if (outputForm(options) === 'table') {
      // A refusal that did not come to types has none to show.
      const compared = [
        [subject, answer.subjectTypes],
        [object, answer.objectTypes],
      ] as const;
      const types = compared.flatMap(([name, list]) => (list.length === 0 ? [] : [`${name} {${list.join(' ')}}`]));
      const how = [
        ...(types.length === 0 ? [] : [types.join(', ')]),
        `rule ${answer.rule}, enforced by the ${answer.enforcedBy}`,
      ];
      await print(
        streams,
        `${answer.permit ? 'permit' : 'deny'} (${answer.reason}): ${answer.sentence}\n${how.join('; ')}\n`,
      );
    } else {
      await print(streams, `${toJson({ hook, subject, object: object ?? null, ...answer }, 2)}\n`);
    }
    if (!answer.permit) throw new Exit(exitStatus.no);
  });
  return command;
}
