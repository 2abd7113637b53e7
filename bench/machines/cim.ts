import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePolicies } from '../../src/acm/index.js';
import { silentLog, systemRandomness } from '../../src/base/index.js';
import type { CimInstancePath } from '../../src/cim/index.js';
import type { Caller } from '../../src/cimom/index.js';
import { WbemClient } from '../../src/client/index.js';
import { ManagedHost } from '../../src/client/management/index.js';
import { openManagementVm } from '../../src/host/management-vm/index.js';
import { createVlan, defineVm, type HostParts } from '../../src/vmm/index.js';

const namespace = 'root/tvdc';
const walked = 100;
const actor = { user: 'bench' };

async function populate(parts: HostParts, count: number): Promise<void> {
  await parts.monitor.update(samplePolicies['tvdc-sample 1.0']);
  await createVlan(parts, actor, 100, 'bench');
  const volumes = Array.from({ length: count }, (_, n) => ({
    uuid: systemRandomness.uuid(),
    name: `volume-${n}`,
    resource: `file:/bench/volume-${n}`,
    sizeBytes: 1 << 20,
    used: false,
    erasedAt: null,
  }));
  await parts.inventory.change((change) => {
    for (const volume of volumes) change.putVolume(volume);
  });
  const waiting = volumes.entries();
  const worker = async (): Promise<void> => {
    for (const [n, volume] of waiting) {
      await defineVm(parts, actor, {
        name: `vm-${n}`,
        label: n % 2 === 0 ? 'MA' : 'SU',
        memoryMiB: 64,
        processors: 1,
        volumes: [volume.uuid],
        vlans: [100],
        tpm: false,
        image: null,
        criticality: 'medium',
      });
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
}

/** CPU of reading by CIM, without XML: a host with many machines, each with a disk and a network interface. */
export async function measureCim(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-bench-cim-'));
  const vm = await openManagementVm({
    folder,
    name: 'bench',
    listen: [],
    vtpm: 'software',
    sample: false,
    log: silentLog,
  });
  try {
    await populate(vm.parts, count);
    const clientOf = (user: string): WbemClient => {
      const caller: Caller = { user, method: 'basic', address: null };
      return new WbemClient(vm.objectManager.transport(caller), { namespace });
    };
    const host = new ManagedHost(clientOf('admin'), namespace);
    await host.joinDatacenter('bench');
    await host.createDomain('Market Analysis', 'bench', ['MA']);
    await host.grantRole('watcher', 'observer', 'bench', ['Market Analysis']);
    for (const user of ['admin', 'watcher']) {
      console.log(user === 'admin' ? 'an administrator' : 'an observer of every second machine');
      await measureAs(clientOf(user), count);
    }
  } finally {
    await vm.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAs(client: WbemClient, count: number): Promise<void> {
  const timed = async (what: string, work: () => Promise<number>): Promise<void> => {
    const before = process.cpuUsage();
    const objects = await work();
    const { user, system } = process.cpuUsage(before);
    const milliseconds = (user + system) / 1000;
    const each = ((milliseconds / objects) * 1000).toFixed(1);
    console.log(
      `${what.padEnd(58)} ${milliseconds.toFixed(0).padStart(8)} ms CPU ${String(objects).padStart(8)} objects ${each.padStart(8)} µs each`,
    );
  };
  const machines = await client.enumerateInstanceNames('TVDC_ComputerSystem');
  const some = machines.slice(0, walked);
  const [host] = await client.enumerateInstanceNames('TVDC_HostSystem');
  await timed(`EnumerateInstances of ${count} TVDC_ComputerSystem`, async () => {
    return (await client.enumerateInstances('TVDC_ComputerSystem')).length;
  });
  await timed('EnumerateInstances of TVDC_SettingsDefineState', async () => {
    return (await client.enumerateInstances('TVDC_SettingsDefineState')).length;
  });
  const walk = async (paths: readonly CimInstancePath[]): Promise<number> => {
    let objects = 0;
    for (const path of paths) objects += (await client.associatorsOf(path)).length;
    return objects;
  };
  await timed(`Associators of ${walked} of them`, () => walk(some));
  await timed(`References of ${walked} of them`, async () => {
    let objects = 0;
    for (const path of some) objects += (await client.referencesOf(path)).length;
    return objects;
  });
  const settings = await client.enumerateInstanceNames('TVDC_StorageAllocationSettingData');
  await timed(`Associators of ${walked} settings of disks`, () => walk(settings.slice(0, walked)));
  const devices = await client.enumerateInstanceNames('TVDC_LogicalDisk');
  await timed(`Associators of ${walked} disks`, () => walk(devices.slice(0, walked)));
  await timed('EnumerateInstances of TVDC_ResourcePool', async () => {
    return (await client.enumerateInstances('TVDC_ResourcePool')).length;
  });
  await timed('Associators of the host', () => walk(host === undefined ? [] : [host]));
}
