import type { Command } from 'commander';
import { TvdcError } from '../../base/index.js';
import type { ManagedHost, RequestedState } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection, withJobs } from '../connection/index.js';
import { type Streams, writeAnswer } from '../output/index.js';
import { toRecord } from './vm-record.js';

/** `from`: the one state that the verb is for, where CIM's RequestedState does not tell it from a start. */
const changes: readonly (readonly [verb: string, state: RequestedState, description: string, from?: string])[] = [
  ['start', 'start', 'start a virtual machine'],
  ['stop', 'stop', 'end it at once'],
  ['shutdown', 'shutdown', 'ask its system to shut down'],
  ['pause', 'pause', 'stop its processors'],
  ['resume', 'start', 'let a paused one go on', 'paused'],
  ['save', 'save', 'write its memory to disk and end it'],
  ['restore', 'start', 'bring a saved one back', 'saved'],
  ['reset', 'reset', 'end it and boot it again'],
];

/**
 * Says in which state the machine is where that is why the host refuses: "invalid state" tells nothing to who does not know it.
 * @param verb behind "it cannot"
 */
export async function tellingState(
  host: ManagedHost,
  name: string,
  verb: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { isWrongState } = await import('../../client/management/index.js');
    if (!isWrongState(error)) throw error;
    const vm = await host.vm(name);
    throw new TvdcError('refused', `${vm.name} is ${vm.state}: it cannot ${verb} from there`, { cause: error });
  }
}

async function change(
  host: ManagedHost,
  name: string,
  verb: string,
  state: RequestedState,
  from?: string,
): Promise<void> {
  if (from !== undefined) {
    const now = (await host.vm(name)).state;
    if (now !== from) throw new TvdcError('refused', `${name} is ${now}: it cannot ${verb} from there`);
  }
  await tellingState(host, name, verb, () => host.requestState(name, state));
}

/** The verbs that bring a virtual machine into another state. */
export function addVmStates(vm: Command, streams: Streams): void {
  for (const [verb, state, description, from] of changes) {
    withJobs(withConnection(vm.command(verb).argument('<vm>', 'name or UUID').description(description))).action(
      async (name: string, options: ConnectionOptions) => {
        const form = outputForm(options);
        const host = await connectHost(options, streams);
        await change(host, name, verb, state, from);
        const record = toRecord(await host.vm(name));
        await writeAnswer(streams, form, `${record.name} is ${record.state}`, { ...record });
      },
    );
  }
}
