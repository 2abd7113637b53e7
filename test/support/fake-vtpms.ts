import { hash, toHex } from '../../src/base/index.js';
import { prefixEnd, type Store } from '../../src/store/index.js';
import type { ExtendedEvent } from '../../src/tpm/index.js';
import type { RecordWith, VtpmInstance, VtpmInstances, VtpmState } from '../../src/vtpm/index.js';

interface FakeTpm {
  readonly uuid: string;
  readonly vmUuid: string;
  readonly backend: 'software';
  state: VtpmState;
  /** Before it was exported. */
  was?: VtpmState;
  /** What was extended since the last power-on. */
  extended: string[];
}

/** Virtual TPMs that keep only their state and what was extended. Running ones are off when their process has gone. */
export interface FakeVtpms extends VtpmInstances {
  extended(vmUuid: string): readonly string[];
}

const prefix = 'fake/';

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export function createFakeVtpms(store: Store): FakeVtpms {
  const tpms = new Map<string, FakeTpm>();
  for (const { key, value } of store.range('vtpm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER)) {
    const tpm = JSON.parse(value as string) as FakeTpm;
    tpms.set(key.slice(prefix.length), tpm.state === 'running' ? { ...tpm, state: 'off', extended: [] } : tpm);
  }
  const show = (tpm: FakeTpm): VtpmInstance => tpm as unknown as VtpmInstance;
  const need = (vm: string): FakeTpm => {
    const tpm = tpms.get(vm);
    if (tpm === undefined) throw failure('vtpm_unknown');
    return tpm;
  };
  const set = async (
    tpm: FakeTpm,
    state: VtpmState,
    extended = tpm.extended,
    record?: RecordWith,
  ): Promise<VtpmInstance> => {
    await store.transaction((tx) => {
      tx.put('vtpm', prefix + tpm.vmUuid, JSON.stringify({ ...tpm, state, extended }));
      record?.(tx);
    });
    tpm.state = state;
    tpm.extended = extended;
    return show(tpm);
  };
  const unused = (): never => {
    throw failure('not_faked');
  };
  const create = async (vmUuid: string, record?: RecordWith): Promise<VtpmInstance> => {
    if (tpms.has(vmUuid)) throw failure('vtpm_exists');
    const tpm: FakeTpm = { uuid: `tpm-${vmUuid}`, vmUuid, backend: 'software', state: 'off', extended: [] };
    await set(tpm, 'off', [], record);
    tpms.set(vmUuid, tpm);
    return show(tpm);
  };
  /** Offers of this host that were not used. */
  const offers = new Set<string>();
  let offered = 0;

  return {
    protection: { kind: 'file', pcrs: null, epoch: 0 },
    list: () => [...tpms.values()].map(show),
    get: (vm) => tpms.get(vm) as VtpmInstance | undefined,
    find: (uuid) => [...tpms.values()].map(show).find((tpm) => tpm.uuid === uuid),
    create,
    clone: (_vm, copy) => create(copy),
    async destroy(vm, record) {
      if (need(vm).state === 'running') throw failure('vtpm_in_use');
      await store.transaction((tx) => {
        tx.delete('vtpm', prefix + vm);
        record?.(tx);
      });
      tpms.delete(vm);
    },
    powerOn: async (vm) => set(need(vm), 'running', []),
    async powerOff(vm) {
      const tpm = tpms.get(vm);
      if (tpm?.state === 'running') await set(tpm, 'off', []);
    },
    restart: async (vm) => set(need(vm), 'running', []),
    async suspend(vm) {
      if (need(vm).state !== 'running') throw failure('vtpm_off');
      await set(need(vm), 'suspended');
    },
    async resume(vm) {
      if (need(vm).state !== 'suspended') throw failure('vtpm_not_suspended');
      return set(need(vm), 'running');
    },
    async extend(vm, events: Iterable<ExtendedEvent>) {
      const tpm = need(vm);
      if (tpm.state !== 'running') throw failure('vtpm_off');
      const added = [...events].map(
        ({ pcr, digests }) => `${pcr}:${toHex(digests.at(-1)?.digest ?? new Uint8Array(0))}`,
      );
      await set(tpm, 'running', [...tpm.extended, ...added]);
      return added.length;
    },
    reset: unused,
    async prepareImport(vm, record) {
      if (tpms.has(vm)) throw failure('vtpm_exists');
      if (record !== undefined) await store.transaction(record);
      const offer = `${vm}/${toHex(hash('sha256', Buffer.from(`${offered++}${Math.random()}`)))}`;
      offers.add(offer);
      return new Uint8Array(Buffer.from(offer));
    },
    async export(vm, offer, _targetHost, record) {
      const tpm = need(vm);
      if (tpm.state !== 'off' && tpm.state !== 'suspended') throw failure(`vtpm_${tpm.state}`);
      const sent = { ...tpm, offer: Buffer.from(offer).toString() };
      tpm.was = tpm.state;
      await set(tpm, 'migrated', tpm.extended, record);
      return new Uint8Array(Buffer.from(JSON.stringify(sent)));
    },
    async import(vm, blob, record) {
      const { offer, ...sent } = JSON.parse(Buffer.from(blob).toString()) as FakeTpm & { readonly offer: string };
      if (sent.vmUuid !== vm || !offers.delete(offer)) throw failure('vtpm_blob_invalid');
      if (tpms.has(vm)) throw failure('vtpm_exists');
      await set(sent, sent.state, sent.extended, record);
      tpms.set(vm, sent);
      return show(sent);
    },
    async recover(vm) {
      if (need(vm).state !== 'migrated') throw failure('vtpm_not_migrated');
      return set(need(vm), need(vm).was ?? 'off');
    },
    renewCertificate: unused,
    revocationLists: () => [],
    revokeCertificate: unused,
    close: async () => undefined,
    extended: (vm) => need(vm).extended,
  };
}
