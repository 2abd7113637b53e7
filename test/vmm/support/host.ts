import { ReferenceMonitor, type PolicyMode, samplePolicies } from '../../../src/acm/index.js';
import { createKeyedLock, createSeededRandomness, ManualClock, MemoryLog } from '../../../src/base/index.js';
import { createJournal, createMemoryStore, type Store } from '../../../src/store/index.js';
import type { TpmClient } from '../../../src/tpm/index.js';
import {
  type Actor,
  createEmbeddedHypervisor,
  createEmbeddedNetwork,
  defineVm,
  DenialLimit,
  GuestBoot,
  HostBoot,
  type HostEvent,
  HostEvents,
  type HostParts,
  Inventory,
  type NetworkDriver,
  type StorageDriver,
  type VirtualMachine,
  type VmSpec,
} from '../../../src/vmm/index.js';
import { createFakeVtpms, type FakeVtpms } from '../../support/fake-vtpms.js';

export const actor: Actor = { user: 'tester' };

/** Volumes that are only names; `contents` says what was put where. */
export interface MemoryStorage extends StorageDriver {
  readonly contents: Map<string, string>;
}

export function createMemoryStorage(): MemoryStorage {
  const contents = new Map<string, string>();
  const locate = (uuid: string): string => `file:/volumes/${uuid}`;
  return {
    name: 'memory',
    capacity: async () => 1n << 40n,
    contents,
    locate,
    create: async (uuid) => {
      if (!contents.has(locate(uuid))) contents.set(locate(uuid), '');
      return locate(uuid);
    },
    copy: async (resource, uuid) => {
      contents.set(locate(uuid), contents.get(resource) ?? '');
      return locate(uuid);
    },
    remove: async (resource) => void contents.delete(resource),
    erase: async (resource, watch) => {
      watch.signal.throwIfAborted();
      contents.set(resource, '');
      watch.progress(1);
    },
    exists: async (resource) => contents.has(resource),
  };
}

/** A host of tests. What outlives a crash: the store, the switch, the disks. */
export interface TestHost {
  readonly parts: HostParts;
  readonly vtpms: FakeVtpms;
  readonly storage: MemoryStorage;
  readonly events: HostEvent[];
  readonly log: MemoryLog;
}

export interface Survivors {
  readonly store?: Store;
  readonly network?: NetworkDriver;
  readonly storage?: MemoryStorage;
}

const hostUuid = '99999999-9999-4999-8999-999999999999';
const encode = (state: object): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(state)));

/** A TPM of the host that only remembers. */
function rememberingTpm(): TpmClient {
  return { pcrExtend: async () => undefined } as unknown as TpmClient;
}

let seeds = 0;

export async function openHost(
  survivors: Survivors = {},
  options: { readonly mode?: PolicyMode; readonly change?: (parts: HostParts) => Partial<HostParts> } = {},
): Promise<TestHost> {
  const store = survivors.store ?? createMemoryStore();
  const clock = new ManualClock(1_000);
  const log = new MemoryLog();
  const inventory = new Inventory(store);
  const monitor = await ReferenceMonitor.open({
    store,
    nameOf: (vm) => inventory.vm(vm)?.name,
    isTrusted: (vm) => inventory.vm(vm)?.trusted === true,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
  });
  const vtpms = createFakeVtpms(store);
  const storage = survivors.storage ?? createMemoryStorage();
  const events: HostEvent[] = [];
  const hostEvents = new HostEvents((error) => {
    throw error;
  });
  hostEvents.listen((event) => events.push(event));
  const base: HostParts = {
    identity: { uuid: hostUuid, name: 'host' },
    store,
    inventory,
    journal: createJournal(store, { host: hostUuid, clock }),
    monitor,
    hypervisor: createEmbeddedHypervisor(store),
    network: survivors.network ?? createEmbeddedNetwork(),
    storage,
    vtpms,
    boot: new GuestBoot(store, vtpms, new HostBoot(rememberingTpm(), encode)),
    clock,
    randomness: createSeededRandomness(`vmm ${seeds++}`),
    log,
    locks: createKeyedLock(),
    denials: new DenialLimit(clock),
    ending: new Set(),
    events: hostEvents,
  };
  return { parts: { ...base, ...options.change?.(base) }, vtpms, storage, events, log };
}

/** The process is gone, what is outside of it is not. */
export function crash(host: TestHost, options: Parameters<typeof openHost>[1] = {}): Promise<TestHost> {
  const { store, network } = host.parts;
  return openHost({ store, network, storage: host.storage }, options);
}

/** Enforces the sample policy, in its version without conflict set unless told otherwise. */
export async function enforceSample(parts: HostParts, version: '1.0' | '1.1' = '1.0'): Promise<void> {
  await parts.monitor.update(samplePolicies[`tvdc-sample ${version}`]);
}

export function specOf(name: string, label: string | null, more: Partial<VmSpec> = {}): VmSpec {
  return {
    name,
    label,
    memoryMiB: 64,
    processors: 1,
    volumes: [],
    vlans: [],
    tpm: true,
    image: null,
    criticality: 'medium',
    ...more,
  };
}

export function define(
  parts: HostParts,
  name: string,
  label: string | null,
  more: Partial<VmSpec> = {},
): Promise<VirtualMachine> {
  return defineVm(parts, actor, specOf(name, label, more));
}

/** Code of an error, or what came instead. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return (error as { readonly code?: unknown }).code ?? error;
  }
}

/** What is not one story, as sentences; empty on a sound host. */
export async function faultsOf(host: TestHost): Promise<readonly string[]> {
  const { parts, vtpms } = host;
  const faults: string[] = [];
  const domains = await parts.hypervisor.domains();
  const connections = new Map((await parts.network.connections()).map(({ portId, vlanId }) => [portId, vlanId]));
  const running = new Map(parts.monitor.running().map((system) => [system.vm, system]));
  const lost = new Set(host.events.flatMap((event) => (event.kind === 'vtpm-failed' ? [event.vm] : [])));
  for (const vm of parts.inventory.vms()) {
    const on = vm.state === 'running' || vm.state === 'paused';
    const fault = (what: string): void => void faults.push(`${vm.name} is ${vm.state}: ${what}`);
    if ((domains.get(vm.uuid) ?? 'off') !== vm.state) fault(`domain is ${domains.get(vm.uuid) ?? 'off'}`);
    const place = running.get(vm.uuid);
    if (on !== (place !== undefined)) fault(on ? 'no place in the running set' : 'holds a place');
    if (on && place?.state !== vm.state) fault(`its place is ${place?.state}`);
    if (on && place?.resources?.length !== vm.disks.length) fault('the monitor counts other disks');
    if (on && place?.ports?.length !== vm.ports.length) fault('the monitor counts other ports');
    if (on) {
      const disks = [...(await parts.hypervisor.disksOf(vm.uuid))].sort().join();
      if (
        disks !==
        vm.disks
          .map((disk) => disk.id)
          .sort()
          .join()
      )
        fault('the domain has other disks');
    }
    for (const port of vm.ports) {
      if (connections.has(port.id) !== on) fault(`port ${port.id} ${on ? 'hangs loose' : 'is connected'}`);
      connections.delete(port.id);
    }
    for (const disk of vm.disks) {
      const volume = parts.inventory.volume(disk.volume);
      if (volume === undefined) fault('a disk without a volume');
      else if (on && !volume.used) fault('a volume in use counts as fresh');
    }
    const tpm = vtpms.get(vm.uuid)?.state;
    const wanted = { off: ['off', 'suspended'], running: ['running'], paused: ['running'], saved: ['suspended'] };
    if (vm.tpm !== (tpm !== undefined)) fault('virtual TPM and record disagree');
    else if (tpm !== undefined && !wanted[vm.state].includes(tpm) && !(tpm === 'off' && lost.has(vm.uuid)))
      fault(`virtual TPM is ${tpm}`);
  }
  for (const portId of connections.keys()) faults.push(`port ${portId} belongs to nobody`);
  for (const tpm of vtpms.list())
    if (!parts.inventory.vm(tpm.vmUuid)) faults.push(`virtual TPM of nobody ${tpm.vmUuid}`);
  for (const vm of domains.keys()) if (!parts.inventory.vm(vm)) faults.push(`domain of nobody ${vm}`);
  for (const vm of running.keys()) if (!parts.inventory.vm(vm)) faults.push(`place of nobody ${vm}`);
  for (const { vm } of parts.monitor.labels.vms()) if (!parts.inventory.vm(vm)) faults.push(`label of nobody ${vm}`);
  for (const resource of host.storage.contents.keys())
    if (!parts.inventory.volumeByResource(resource)) faults.push(`volume of nobody ${resource}`);
  for (const volume of parts.inventory.volumes())
    if (!host.storage.contents.has(volume.resource)) faults.push(`volume without content ${volume.name}`);
  const intents = parts.store.range('vmm', 'intent/', 'intent0', 10);
  if (intents.length > 0) faults.push(`open intents: ${intents.map(({ value }) => String(value)).join()}`);
  return faults;
}
