import type { Command } from 'commander';
import type { VmDisk, VmPort } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection, withJobs } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { type Streams, writeAnswer } from '../output/index.js';
import { parseVlan } from '../sizes.js';
import { tellingState } from './vm-state.js';

interface AttachOptions extends ConnectionOptions {
  readonly disk?: readonly string[];
  readonly vlan?: readonly string[];
}

function management() {
  return import('../../client/management/index.js');
}

async function attach(streams: Streams, name: string, options: AttachOptions): Promise<void> {
  const form = outputForm(options);
  const { disk = [], vlan = [] } = options;
  if (disk.length + vlan.length === 0) throw new UsageError('say what to attach: --disk VOLUME or --vlan NUMBER');
  const vlans = vlan.map((text) => parseVlan(text));
  const { attachDevices, describeDevice, vmDetails } = await management();
  const host = await connectHost(options, streams);
  const vm = await host.vm(name);
  const devices = async (): Promise<readonly (VmDisk | VmPort)[]> => {
    const { disks, ports } = await vmDetails(host, vm);
    return [...disks, ...ports];
  };
  const before = new Set((await devices()).map(({ id }) => id));
  await attachDevices(host, vm, { volumes: disk, vlans });
  const added = (await devices()).filter(({ id }) => !before.has(id));
  await writeAnswer(streams, form, `${vm.name} has got ${added.map(describeDevice).join(', ')}`, {
    vm: vm.name,
    attached: added.map(({ settings: _, ...device }) => device),
  });
}

async function detach(
  streams: Streams,
  name: string,
  devices: readonly string[],
  options: ConnectionOptions,
): Promise<void> {
  const form = outputForm(options);
  const { describeDevice, detachDevices, pickDevice, vmDetails } = await management();
  const host = await connectHost(options, streams);
  const vm = await vmDetails(host, await host.vm(name));
  const found = [...new Set(devices.map((text) => pickDevice(vm, text)))];
  await tellingState(host, vm.id, 'lose devices', () => detachDevices(host, found));
  await writeAnswer(streams, form, `${vm.name} has lost ${found.map(describeDevice).join(', ')}`, {
    vm: vm.name,
    detached: found.map(({ settings: _, ...device }) => device),
  });
}

/** `tvdc vm attach` and `tvdc vm detach`. */
export function addVmDevices(vm: Command, streams: Streams): void {
  withJobs(withConnection(vm.command('attach')))
    .argument('<vm>', 'name or UUID')
    .description('give a virtual machine disks or network interfaces, also while it runs')
    .option('--disk <volume...>', 'a volume by name or UUID')
    .option('--vlan <number...>', 'a network interface on this VLAN')
    .action((name: string, options: AttachOptions) => attach(streams, name, options));
  withJobs(withConnection(vm.command('detach')))
    .argument('<vm>', 'name or UUID')
    .argument('<device...>', 'a disk by its volume, an interface by address or vlan:<id>, either by its id')
    .description('take disks or network interfaces away, also while it runs')
    .action((name: string, devices: string[], options: ConnectionOptions) => detach(streams, name, devices, options));
}
