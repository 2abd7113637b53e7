import { access, cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemRandomness } from '../../../src/base/index.js';
import { createMemoryStore, openSqliteStore, restoreSqliteStore, type Store } from '../../../src/store/index.js';
import type { TpmClient } from '../../../src/tpm/index.js';
import {
  createVtpmInstances,
  type HostTpm,
  openDatacenterRoot,
  openHostAuthority,
  openHostTpm,
  swtpmAvailable,
  type VtpmInstances,
} from '../../../src/vtpm/index.js';
import { acceptStates, defaultSealPcrs, openStateProtection } from '../../../src/vtpm/state/index.js';
import { describeIf } from '../../support/parts.js';

const vm = '22222222-2222-4222-8222-222222222222';
const other = '33333333-3333-4333-8333-333333333333';
const digest = new Uint8Array(32).fill(9);

describeIf(await swtpmAvailable(), 'swtpm is not installed')('states at rest under a TPM of the host', () => {
  let folder: string;
  let tpm: HostTpm;
  const closers: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tvdc-protection-'));
    tpm = await hostTpm('tpm');
  });

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await rm(folder, { recursive: true });
  });

  /** Outside of the data folder, as a chip is. */
  async function hostTpm(name: string, store: Store = createMemoryStore()): Promise<HostTpm> {
    const opened = await openHostTpm({ store, folder: join(folder, name), backend: 'swtpm' });
    closers.push(() => opened.close());
    return opened;
  }

  interface Opened {
    readonly instances: VtpmInstances;
    close(): Promise<void>;
  }

  const data = (): string => join(folder, 'data');

  async function open(client: TpmClient | null = tpm.client): Promise<Opened> {
    const root = await openDatacenterRoot({ folder: join(folder, 'root') });
    const host = { hostUuid: '11111111-1111-4111-8111-111111111111', hostEkHash: '' };
    const authority = await openHostAuthority({ folder: join(folder, 'ca'), host, certify: root.certifyHost });
    const store = openSqliteStore(data());
    try {
      const instances = await createVtpmInstances({
        store,
        backend: 'software',
        folder: join(data(), 'vtpm'),
        authority,
        ownerState: () => 'off',
        ...(client === null ? {} : { hostTpm: client }),
      });
      const close = async (): Promise<void> => {
        await instances.close();
        await store.close();
      };
      return { instances, close };
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** What a process does between its start and its end. */
  async function during<T>(work: (instances: VtpmInstances) => Promise<T>, client?: TpmClient | null): Promise<T> {
    const { instances, close } = await open(client);
    try {
      return await work(instances);
    } finally {
      await close();
    }
  }

  const stateOptions = (store: Store, client: TpmClient | null) => ({
    store,
    folder: join(data(), 'vtpm'),
    tpm: client,
    pcrs: defaultSealPcrs,
    randomness: systemRandomness,
    log: silentLog,
  });

  async function recoveryKey(): Promise<Uint8Array> {
    const store = openSqliteStore(data());
    const opened = await openStateProtection(stateOptions(store, tpm.client));
    await opened.close();
    await store.close();
    return opened.key;
  }

  async function accept(reason: string, client: TpmClient | null, recovery?: Uint8Array): Promise<void> {
    const store = openSqliteStore(data());
    try {
      const accepted = await acceptStates({
        ...stateOptions(store, client),
        ...(recovery === undefined ? {} : { recoveryKey: recovery }),
        record: (tx) => {
          tx.put('journal', 'test', reason);
        },
      });
      await accepted.close();
      expect(store.get('journal', 'test')).toBe(reason);
    } finally {
      await store.close();
    }
  }

  const isThere = (path: string): Promise<boolean> =>
    access(path).then(
      () => true,
      () => false,
    );
  const starts = async (instances: VtpmInstances): Promise<void> => {
    await instances.powerOn(vm);
    await instances.powerOff(vm);
  };

  test('the key is in no file, and a restart finds it again', async () => {
    const facts = await during(async (instances) => {
      await instances.create(vm);
      await starts(instances);
      return instances.protection;
    });
    expect(facts).toMatchObject({ kind: 'tpm', pcrs: defaultSealPcrs });
    expect(facts.epoch).toBeGreaterThan(0);
    expect(await isThere(join(data(), 'vtpm', 'state.key'))).toBe(false);
    await during(starts);
    const after = await during((instances) => Promise.resolve(instances.protection.epoch));
    expect(after).toBeGreaterThan(facts.epoch);
    await expect(open(null)).rejects.toMatchObject({ code: 'vtpm_key_unavailable' });
  });

  test('a key that was a file is sealed, the file deleted, and what it encrypted is readable still', async () => {
    const key = join(data(), 'vtpm', 'state.key');
    const { ekName } = await during(async (instances) => {
      expect(instances.protection).toEqual({ kind: 'file', pcrs: null, epoch: 0 });
      return (await instances.create(vm)).identity;
    }, null);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    await during(async (instances) => {
      expect(instances.protection.kind).toBe('tpm');
      expect(instances.get(vm)?.identity.ekName).toEqual(ekName);
      await starts(instances);
    });
    expect(await isThere(key)).toBe(false);
  });

  test('an older copy of the data folder is refused, until an operator accepts it on the record', async () => {
    await during((instances) => instances.create(vm));
    await cp(data(), join(folder, 'copy'), { recursive: true });
    await during((instances) => instances.create(other));
    await rm(data(), { recursive: true });
    await cp(join(folder, 'copy'), data(), { recursive: true });
    await expect(open()).rejects.toMatchObject({ code: 'vtpm_rolled_back' });
    await expect(open()).rejects.toMatchObject({ code: 'vtpm_rolled_back' });
    await accept('disk failure', tpm.client);
    await during(async (instances) => {
      expect(instances.get(other)).toBeUndefined();
      await starts(instances);
    });
    await cp(join(folder, 'copy'), data(), { recursive: true, force: true });
    await expect(open()).rejects.toMatchObject({ code: 'vtpm_rolled_back' });
  });

  test('an exported TPM does not come back with a copy of the folder from before', async () => {
    const target = await createVtpmInstances({
      store: createMemoryStore(),
      backend: 'software',
      folder: join(folder, 'target'),
      authority: await openHostAuthority({
        folder: join(folder, 'target-ca'),
        host: { hostUuid: '44444444-4444-4444-8444-444444444444', hostEkHash: '' },
        certify: (await openDatacenterRoot({ folder: join(folder, 'root') })).certifyHost,
      }),
    });
    closers.push(() => target.close());
    const { instances, close } = await open();
    await instances.create(vm);
    await cp(data(), join(folder, 'copy'), { recursive: true });
    await target.import(vm, await instances.export(vm, await target.prepareImport(vm)));
    await close();
    await rm(data(), { recursive: true });
    await cp(join(folder, 'copy'), data(), { recursive: true });
    await rm(join(data(), 'lock'), { force: true });
    await expect(open()).rejects.toMatchObject({ code: 'vtpm_rolled_back' });
  });

  test('a row of the index that was changed, removed or taken from an older copy is refused', async () => {
    await during((instances) => instances.create(vm));
    const tamper = async (work: (store: Store) => Promise<unknown>): Promise<void> => {
      const store = openSqliteStore(data());
      await work(store);
      await store.close();
    };
    const row = `instance/${vm}`;
    let before: unknown;
    await tamper((store) =>
      store.transaction((tx) => {
        before = tx.get('vtpm', row);
        tx.delete('vtpm', row);
      }),
    );
    await expect(open()).rejects.toMatchObject({ code: 'vtpm_rolled_back' });
    await tamper((store) =>
      store.transaction((tx) => {
        tx.put('vtpm', row, String(before).replace('"off"', '"migrated"'));
      }),
    );
    await expect(open()).rejects.toMatchObject({ code: 'vtpm_rolled_back' });
    await tamper((store) =>
      store.transaction((tx) => {
        tx.put('vtpm', row, String(before));
      }),
    );
    await during(starts);
  });

  test('after a crash nothing is refused, wherever the counter and the folder were', async () => {
    const store = createMemoryStore();
    const root = await openDatacenterRoot({ folder: join(folder, 'root') });
    const host = { hostUuid: '11111111-1111-4111-8111-111111111111', hostEkHash: '' };
    const authority = await openHostAuthority({ folder: join(folder, 'ca'), host, certify: root.certifyHost });
    let counts = true;
    const moody: TpmClient = {
      ...tpm.client,
      nvIncrement: (index, options) =>
        counts ? tpm.client.nvIncrement(index, options) : Promise.reject(new Error('the power went')),
    };
    const options = { store, backend: 'software', folder: join(folder, 'crash'), authority } as const;
    const first = await createVtpmInstances({ ...options, hostTpm: moody });
    await first.create(vm);
    counts = false;
    await first.create(other);
    counts = true;
    const second = await createVtpmInstances({ ...options, hostTpm: moody });
    expect(second.list().map(({ vmUuid }) => vmUuid)).toEqual([vm, other]);
    await second.powerOn(other);
    await second.close();
    await first.close();
  });

  test('changed PCRs and another TPM keep the key; the recovery key is the way out', async () => {
    await during((instances) => instances.create(vm));
    const key = await recoveryKey();
    await tpm.client.pcrExtend(4, [{ algorithm: 'sha256', digest }]);
    await expect(open()).rejects.toMatchObject({ code: 'vtpm_key_unavailable' });
    await expect(accept('no key', tpm.client)).rejects.toMatchObject({ code: 'vtpm_key_unavailable' });
    await expect(accept('wrong key', tpm.client, systemRandomness.bytes(32))).rejects.toMatchObject({
      code: 'vtpm_state_invalid',
    });
    await accept('new boot loader', tpm.client, key);
    await during(starts);

    const replaced = await hostTpm('replaced');
    await expect(open(replaced.client)).rejects.toMatchObject({ code: 'vtpm_key_unavailable' });
    await accept('new mainboard', replaced.client, key);
    await during(starts, replaced.client);
    await accept('no TPM any more', null, key);
    expect(await readFile(join(data(), 'vtpm', 'state.key'), 'utf8')).toBe(Buffer.from(key).toString('hex'));
    await during(starts, null);
  });

  test('a backup that is restored on purpose is accepted as one', async () => {
    const { instances, close } = await open();
    await instances.create(vm);
    await close();
    const store = openSqliteStore(data());
    await store.backupTo(join(folder, 'backup.db'));
    await store.close();
    await during((later) => later.create(other));
    restoreSqliteStore(data(), join(folder, 'backup.db'));
    await expect(open()).rejects.toMatchObject({ code: 'vtpm_rolled_back' });
    await accept('restored from backup.db', tpm.client);
    await during(async (restored) => {
      expect(restored.list()).toHaveLength(1);
      await starts(restored);
    });
  });
});
