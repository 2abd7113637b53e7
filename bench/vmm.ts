// Arguments: --cim (only what is read by CIM). Environment: BENCH_VMS, BENCH_CLIENTS.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReferenceMonitor, samplePolicies } from '../src/acm/index.js';
import { createKeyedLock, silentLog, systemClock, systemRandomness } from '../src/base/index.js';
import { createJournal, openSqliteStore, type Store } from '../src/store/index.js';
import type { TpmClient } from '../src/tpm/index.js';
import type { VtpmInstances } from '../src/vtpm/index.js';
import {
  createEmbeddedHypervisor,
  createEmbeddedNetwork,
  createEmbeddedStorage,
  defineVm,
  DenialLimit,
  GuestBoot,
  HostBoot,
  HostEvents,
  type HostParts,
  Inventory,
  recover,
  startVm,
  stopVm,
} from '../src/vmm/index.js';
import { measureCim } from './machines/cim.js';

const count = Number(process.env['BENCH_VMS'] ?? 10_000);
const sideBySide = Number(process.env['BENCH_CLIENTS'] ?? 64);
const actor = { user: 'bench' };
const folder = mkdtempSync(join(tmpdir(), 'tvdc-bench-vmm-'));

/** No VM of the benchmark has a virtual TPM: its cost is measured where it lives. */
const noTpms = { get: () => undefined, list: () => [] } as unknown as VtpmInstances;

async function openParts(store: Store): Promise<HostParts> {
  const identity = { uuid: '99999999-9999-4999-8999-999999999999', name: 'bench' };
  const client = { pcrExtend: async () => undefined } as unknown as TpmClient;
  return {
    identity,
    store,
    inventory: new Inventory(store),
    journal: createJournal(store, { host: identity.uuid }),
    monitor: await ReferenceMonitor.open({ store }),
    hypervisor: createEmbeddedHypervisor(store),
    network: createEmbeddedNetwork(),
    storage: createEmbeddedStorage(join(folder, 'volumes')),
    vtpms: noTpms,
    boot: new GuestBoot(store, noTpms, new HostBoot(client, () => new Uint8Array(0))),
    clock: systemClock,
    randomness: systemRandomness,
    log: silentLog,
    locks: createKeyedLock(),
    denials: new DenialLimit(systemClock),
    ending: new Set(),
    events: new HostEvents(() => undefined),
  };
}

/** Runs `work` on all items, `sideBySide` at a time. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
}

async function timed(what: string, items: number, work: () => Promise<unknown>): Promise<void> {
  const begun = performance.now();
  await work();
  const milliseconds = performance.now() - begun;
  const rate = Math.round((items / milliseconds) * 1000).toLocaleString('en');
  console.log(`${what.padEnd(58)} ${rate.padStart(12)} /s   ${milliseconds.toFixed(0).padStart(6)} ms`);
}

if (!process.argv.includes('--cim')) await measureTransitions();
await measureCim(count);

async function measureTransitions(): Promise<void> {
  try {
    const file = join(folder, 'data');
    let store: Store = openSqliteStore(file);
    let parts = await openParts(store);
    await parts.monitor.update(samplePolicies['tvdc-sample 1.0']);
    const names = Array.from({ length: count }, (_, n) => `vm-${n}`);
    const ids: string[] = [];
    const define = async (name: string): Promise<void> => {
      const vm = await defineVm(parts, actor, {
        name,
        label: 'MA',
        memoryMiB: 64,
        processors: 1,
        volumes: [],
        vlans: [],
        tpm: false,
        image: null,
        criticality: 'medium',
      });
      ids.push(vm.uuid);
    };
    const reopen = async (): Promise<void> => {
      await store.close();
      store = openSqliteStore(file);
    };

    await timed(`define, durable, ${sideBySide} at a time`, count, () => inParallel(names, define));
    await timed(`start, durable, ${sideBySide} at a time`, count, () =>
      inParallel(ids, (id) => startVm(parts, actor, id)),
    );
    const few = ids.slice(0, 200);
    await timed('stop, durable, one after another', few.length, async () => {
      for (const id of few) await stopVm(parts, actor, id);
    });
    await timed('start, durable, one after another', few.length, async () => {
      for (const id of few) await startVm(parts, actor, id);
    });

    await reopen();
    await timed(`recovery, ${count} running, nothing lost`, count, async () => {
      parts = await openParts(store);
      await recover(parts);
    });
    await store.transaction((tx) => {
      for (const id of ids) tx.delete('vmm', `embedded/${id}`);
    });
    await reopen();
    await timed(`recovery, ${count} that ended with the host`, count, async () => {
      parts = await openParts(store);
      await recover(parts);
    });
    await timed(`start, durable, ${sideBySide} at a time`, count, () =>
      inParallel(ids, (id) => startVm(parts, actor, id)),
    );
    await timed(`stop, durable, ${sideBySide} at a time`, count, () =>
      inParallel(ids, (id) => stopVm(parts, actor, id)),
    );
    await store.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
