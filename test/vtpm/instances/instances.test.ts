import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, systemRandomness } from '../../../src/base/index.js';
import { createMemoryStore, type Store } from '../../../src/store/index.js';
import {
  activateCredential,
  certificateIndices,
  makeCredential,
  parsePcrSelection,
  publicKeyOf,
  type TpmClient,
  verifyQuote12,
} from '../../../src/tpm/index.js';
import {
  certificateOids,
  createVtpmInstances,
  type DatacenterRoot,
  type HostAuthority,
  type OwnerState,
  openDatacenterRoot,
  openHostAuthority,
  readCertificate,
  swtpmAvailable,
  verifyChain,
  type VtpmBackend,
  type VtpmInstance,
  type VtpmInstances,
} from '../../../src/vtpm/index.js';
import { readCertificate12 } from '../../../src/vtpm/family/index.js';
import { decodeRecord } from '../../../src/vtpm/instances/record.js';
import { errorLike } from '../../support/errors.js';
import { describeIf } from '../../support/parts.js';

const vm = '22222222-2222-4222-8222-222222222222';
const other = '33333333-3333-4333-8333-333333333333';
const pcr10 = parsePcrSelection('sha256:10');
const digest = new Uint8Array(32).fill(7);
const event = { pcr: 10, digests: [{ algorithm: 'sha256', digest }] } as const;
const backends: readonly VtpmBackend[] = (await swtpmAvailable()) ? ['software', 'swtpm'] : ['software'];

let folder: string;
let root: DatacenterRoot;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-instances-'));
  root = await openDatacenterRoot({ folder: join(folder, 'root') });
});

afterAll(() => rm(folder, { recursive: true }));

const rejection = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error as { code?: unknown }).code,
  );
const valueOf = async (client: TpmClient): Promise<string> =>
  Buffer.from((await client.pcrRead(pcr10)).values[0]!.digest).toString('hex');

describe.each(backends)('virtual TPMs on %s', (backend) => {
  let count = 0;
  const opened: VtpmInstances[] = [];
  let owner: OwnerState;

  async function open(
    name: string,
    store: Store = createMemoryStore(),
    onFailure?: () => void,
  ): Promise<VtpmInstances> {
    const host = { hostUuid: `11111111-1111-4111-8111-${name.padStart(12, '0')}`, hostEkHash: '' };
    const at = join(folder, `${backend}-${name}`);
    const authority = await openHostAuthority({ folder: join(at, 'ca'), host, certify: root.certifyHost });
    const instances = await createVtpmInstances({
      store,
      backend,
      folder: join(at, 'vtpm'),
      authority,
      ownerState: () => owner,
      onFailure: () => onFailure?.(),
    });
    opened.push(instances);
    return instances;
  }

  beforeEach(() => {
    owner = 'off';
    count++;
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((instances) => instances.close()));
  });

  test('a new one has an identity certified for its VM, which a restart keeps', async () => {
    const store = createMemoryStore();
    const first = await open(`1${count}`, store);
    const { identity, uuid } = await first.create(vm);
    const [leaf, issuer] = verifyChain(identity.ekCertificateChain, [root.certificate], {
      now: Date.now(),
      purpose: certificateOids.ekCertificate,
    });
    expect(leaf!.virtualTpm).toEqual({ backend, vmUuid: vm, vtpmUuid: uuid });
    expect(issuer!.host!.hostUuid).toMatch(/^11111111/);
    expect(await rejection(first.create(vm))).toBe('vtpm_exists');
    await first.close();

    const again = await open(`1${count}`, store);
    const instance = await again.powerOn(vm);
    const ek = await instance.client().readPublic(identity.ekHandle);
    expect(ek.name).toEqual(identity.ekName);
    expect((await instance.client().readPublic(identity.akHandle)).name).toEqual(identity.akName);
    expect(await instance.client().nvRead(certificateIndices.ekEcc)).toEqual(identity.ekCertificateChain[0]);
    expect((await stat(join(folder, `${backend}-1${count}`, 'vtpm', 'state.key'))).mode & 0o777).toBe(0o600);
  });

  test('PCRs are zero after each start, kept by suspend and resume, and zero again after a restart', async () => {
    const instances = await open(`2${count}`);
    await instances.create(vm);
    const instance = await instances.powerOn(vm);
    const zero = '00'.repeat(32);
    expect(await valueOf(instance.client())).toBe(zero);
    await instances.extend(vm, [event, event]);
    const extended = await valueOf(instance.client());
    expect(extended).not.toBe(zero);
    const before = await instance.client().readClock();
    await instances.suspend(vm);
    expect(instance.state).toBe('suspended');
    expect(() => instance.client()).toThrow(errorLike({ code: 'vtpm_off' }));
    await instances.resume(vm);
    expect(await valueOf(instance.client())).toBe(extended);
    expect((await instance.client().readClock()).resetCount).toBe(before.resetCount);
    await instances.restart(vm);
    expect(await valueOf(instance.client())).toBe(zero);
    expect((await instance.client().readClock()).resetCount).toBe(before.resetCount + 1);
    await instances.extend(vm, [event]);
    await instances.powerOff(vm);
    await instances.powerOn(vm);
    expect(await valueOf(instance.client())).toBe(zero);
    expect(await rejection(instances.resume(vm))).toBe('vtpm_not_suspended');
  });

  test('management may not reset or destroy under a VM that runs, is paused or saved', async () => {
    const instances = await open(`3${count}`);
    const { identity } = await instances.create(vm);
    for (const state of ['running', 'paused', 'saved'] as const) {
      owner = state;
      expect(await rejection(instances.reset(vm))).toBe('vtpm_in_use');
      expect(await rejection(instances.destroy(vm))).toBe('vtpm_in_use');
    }
    owner = 'off';
    await instances.powerOn(vm);
    expect(await rejection(instances.destroy(vm))).toBe('vtpm_in_use');
    await instances.powerOff(vm);
    await instances.reset(vm);
    const instance = await instances.powerOn(vm);
    expect((await instance.client().readPublic(identity.ekHandle)).name).toEqual(identity.ekName);
    await instances.powerOff(vm);
    await instances.destroy(vm);
    expect(instances.get(vm)).toBeUndefined();
    expect(await rejection(instances.powerOn(vm))).toBe('vtpm_unknown');
  });

  test('a clone has an identity of its own', async () => {
    const instances = await open(`4${count}`);
    const original = await instances.create(vm);
    const copy = await instances.clone(vm, other);
    expect(copy.identity.ekName).not.toEqual(original.identity.ekName);
    expect(copy.uuid).not.toBe(original.uuid);
    expect(readCertificate(copy.identity.ekCertificateChain[0]!).virtualTpm!.vmUuid).toBe(other);
  });

  test('moves once to the one target that offered, with PCRs and keys and a new certificate', async () => {
    const source = await open(`51${count}`);
    const target = await open(`52${count}`);
    const { identity } = await source.create(vm);
    const running = await source.powerOn(vm);
    await source.extend(vm, [event]);
    const extended = await valueOf(running.client());
    const offer = await target.prepareImport(vm);
    expect(await rejection(source.export(vm, offer))).toBe('vtpm_in_use');
    await source.suspend(vm);
    const changed = Uint8Array.from(offer);
    changed[60]! ^= 1;
    expect(await rejection(source.export(vm, changed))).toBe('vtpm_offer_invalid');
    const blob = await source.export(vm, offer);
    expect(source.get(vm)!.state).toBe('migrated');
    expect(await rejection(source.resume(vm))).toBe('vtpm_migrated');
    expect(await rejection(source.export(vm, offer))).toBe('vtpm_migrated');

    const altered = Uint8Array.from(blob);
    altered[Math.floor(altered.length / 3)]! ^= 1;
    expect(await rejection(target.import(vm, altered))).toBe('vtpm_blob_invalid');
    expect(await rejection(target.import(other, blob))).toBe('vtpm_blob_invalid');
    expect(await rejection(source.import(vm, blob))).toBe('vtpm_blob_invalid');
    const arrived = await target.import(vm, blob);
    expect(arrived.state).toBe('suspended');
    await target.resume(vm);
    expect(await valueOf(arrived.client())).toBe(extended);
    expect((await arrived.client().readPublic(identity.ekHandle)).name).toEqual(identity.ekName);
    const [leaf, issuer] = verifyChain(arrived.identity.ekCertificateChain, [root.certificate], { now: Date.now() });
    expect(leaf!.virtualTpm!.vmUuid).toBe(vm);
    expect(issuer!.host!.hostUuid).toContain(`52${count}`);
    await target.powerOff(vm);
    await target.destroy(vm);
    expect(await rejection(target.import(vm, blob))).toBe('vtpm_blob_invalid');
  });

  test('one that is off moves without PCRs and starts at the target', async () => {
    const source = await open(`71${count}`);
    const target = await open(`72${count}`);
    const { identity } = await source.create(vm);
    const arrived = await target.import(vm, await source.export(vm, await target.prepareImport(vm)));
    expect(arrived.state).toBe('off');
    await target.powerOn(vm);
    expect((await arrived.client().readPublic(identity.akHandle)).name).toEqual(identity.akName);
    expect(await arrived.client().nvRead(certificateIndices.ekEcc)).toEqual(arrived.identity.ekCertificateChain[0]);
  });

  test('verifiers that come at once are all answered', async () => {
    const instances = await open(`8${count}`);
    await instances.create(vm);
    const tpm = await instances.powerOn(vm);
    const { identity } = tpm;
    const secrets = Array.from({ length: 12 }, (_, n) => new Uint8Array(16).fill(n));
    const activated = secrets.map((secret) =>
      activateCredential(
        tpm.client(),
        identity,
        makeCredential(identity.ekPublic, identity.akName, secret, systemRandomness),
      ),
    );
    expect((await Promise.all(activated)).map((secret) => Uint8Array.from(secret))).toEqual(secrets);
  });

  test('a VM that comes back with another TPM than it left with has that one only', async () => {
    const store = createMemoryStore();
    const here = await open(`91${count}`, store);
    const there = await open(`92${count}`);
    const former = await here.create(vm);
    await there.import(vm, await here.export(vm, await there.prepareImport(vm)));
    await there.destroy(vm);
    const { uuid, identity } = await there.create(vm);
    const arrived = await here.import(vm, await there.export(vm, await here.prepareImport(vm)));
    expect(arrived.uuid).toBe(uuid);
    expect(here.list()).toHaveLength(1);
    expect(here.find(former.uuid)).toBeUndefined();
    expect([...store.range('vtpm', 'state/', 'state0', 10)].filter(({ key }) => key.includes(former.uuid))).toEqual([]);
    await here.powerOn(vm);
    expect((await arrived.client().readPublic(identity.akHandle)).name).toEqual(identity.akName);
  });

  test('comes back after a migration that failed', async () => {
    const source = await open(`61${count}`);
    const target = await open(`62${count}`);
    const { identity } = await source.create(vm);
    await source.export(vm, await target.prepareImport(vm));
    const recovered = await source.recover(vm);
    expect(recovered.state).toBe('off');
    expect(recovered.identity.ekCertificateChain[0]).not.toEqual(identity.ekCertificateChain[0]);
    await source.powerOn(vm);
    expect(await recovered.client().nvRead(certificateIndices.ekEcc)).toEqual(recovered.identity.ekCertificateChain[0]);
  });
});

test.each(backends)('a state at rest of %s that was altered, is older or of another VM is refused', async (backend) => {
  const store = createMemoryStore();
  const authority = await openHostAuthority({
    folder: join(folder, `rest-ca-${backend}`),
    host: { hostUuid: 'h', hostEkHash: '' },
    certify: root.certifyHost,
  });
  const instances = await createVtpmInstances({ store, backend, folder: join(folder, `rest-${backend}`), authority });
  const { uuid } = await instances.create(vm);
  const foreign = (await instances.create(other)).uuid;
  const key = `state/${uuid}/permanent`;
  const old = store.get('vtpm', key) as Uint8Array;
  await instances.powerOn(vm);
  await instances.powerOff(vm);
  const current = store.get('vtpm', key) as Uint8Array;
  const put = (value: Uint8Array) =>
    store.transaction((tx) => {
      tx.put('vtpm', key, value);
    });
  const altered = Uint8Array.from(current);
  altered[40]! ^= 1;
  const ofAnother = store.get('vtpm', `state/${foreign}/permanent`) as Uint8Array;
  for (const wrong of [old, altered, ofAnother, current.subarray(0, 20)]) {
    await put(wrong);
    expect(await rejection(instances.powerOn(vm))).toBe('vtpm_state_invalid');
    expect(instances.get(vm)?.state).toBe('off');
  }
  await put(current);
  await instances.powerOn(vm);
  await instances.close();
});

test('an offer outlives the process, serves once, and expires', async () => {
  const clock = new ManualClock(Date.now());
  const open = async (name: string, store: Store): Promise<VtpmInstances> => {
    const host = { hostUuid: name, hostEkHash: '' };
    const authority = await openHostAuthority({ folder: join(folder, name, 'ca'), host, certify: root.certifyHost });
    return createVtpmInstances({ store, backend: 'software', folder: join(folder, name), authority, clock });
  };
  const source = await open('offer-source', createMemoryStore());
  const store = createMemoryStore();
  const records: string[] = [];
  const first = await open('offer-target', store);
  const stale = await first.prepareImport(vm);
  const offer = await first.prepareImport(vm, (tx) => {
    tx.put('journal', 'test', 'prepared');
    tx.afterCommit(() => records.push('prepared'));
  });
  expect(records).toEqual(['prepared']);
  await first.close();
  await source.create(vm);
  const target = await open('offer-target', store);
  const lost = await source.export(vm, stale);
  expect(await rejection(target.import(vm, lost))).toBe('vtpm_blob_invalid');
  await source.recover(vm);
  const blob = await source.export(vm, offer);
  await expect(
    target.import(vm, blob, () => {
      throw new Error('the disk is full');
    }),
  ).rejects.toThrow('the disk is full');
  expect(target.get(vm)).toBeUndefined();
  await target.import(vm, blob);
  await target.destroy(vm);
  expect(await rejection(target.import(vm, blob))).toBe('vtpm_blob_invalid');

  const late = await target.prepareImport(other);
  await source.create(other);
  const sent = await source.export(other, late);
  clock.advance(16 * 60_000);
  expect(await rejection(target.import(other, sent))).toBe('vtpm_blob_invalid');
  await Promise.all([source.close(), target.close()]);
});

test('a host that names what it sends as another TPM of the target overwrites nothing', async () => {
  let uuids: readonly string[] = [];
  const randomness = { ...systemRandomness, uuid: () => uuids[0] ?? systemRandomness.uuid() };
  const open = async (name: string, wicked: boolean): Promise<VtpmInstances> => {
    const host = { hostUuid: name, hostEkHash: '' };
    const authority = await openHostAuthority({ folder: join(folder, name, 'ca'), host, certify: root.certifyHost });
    const options = { store: createMemoryStore(), backend: 'software', folder: join(folder, name), authority } as const;
    return createVtpmInstances(wicked ? { ...options, randomness } : options);
  };
  const target = await open('namesake-target', false);
  const victim = await target.create(other);
  const source = await open('namesake-source', true);
  uuids = [victim.uuid];
  await source.create(vm);
  uuids = [];
  const sent = await source.export(vm, await target.prepareImport(vm));
  expect(await rejection(target.import(vm, sent))).toBe('vtpm_blob_invalid');
  await target.powerOn(other);
  const key = await victim.client().readPublic(victim.identity.akHandle);
  expect(key.name).toEqual(victim.identity.akName);
  await Promise.all([source.close(), target.close()]);
});

test.each([
  ['backend', 'hardware'],
  ['family', '3.0'],
  ['state', 'running'],
  ['uuid', 'a/b'],
  ['vmUuid', null],
  ['created', 'now'],
])('an entry of the index whose %s is %j cannot be read', async (field, value) => {
  const at = join(folder, `entry-${field}`);
  const host = { hostUuid: 'h', hostEkHash: '' };
  const authority = await openHostAuthority({ folder: join(at, 'ca'), host, certify: root.certifyHost });
  const store = createMemoryStore();
  const instances = await createVtpmInstances({ store, backend: 'software', folder: join(at, 'vtpm'), authority });
  await instances.create(vm);
  const entry = store.get('vtpm', `instance/${vm}`) as string;
  expect(decodeRecord(entry).vmUuid).toBe(vm);
  const wrong = JSON.stringify({ ...(JSON.parse(entry) as object), [field]: value });
  expect(() => decodeRecord(wrong)).toThrow(errorLike({ code: 'vtpm_state_invalid' }));
  await instances.close();
});

test('why an offer of another datacenter is refused is said', async () => {
  const elsewhere = await openDatacenterRoot({ folder: join(folder, 'root-elsewhere') });
  const open = async (name: string, certify: DatacenterRoot['certifyHost']): Promise<VtpmInstances> => {
    const host = { hostUuid: name, hostEkHash: '' };
    const authority = await openHostAuthority({ folder: join(folder, name, 'ca'), host, certify });
    const options = { store: createMemoryStore(), backend: 'software', folder: join(folder, name), authority } as const;
    return createVtpmInstances(options);
  };
  const source = await open('foreign-source', root.certifyHost);
  const target = await open('foreign-target', elsewhere.certifyHost);
  await source.create(vm);
  const refused = source.export(vm, await target.prepareImport(vm));
  await expect(refused).rejects.toMatchObject({
    code: 'vtpm_offer_invalid',
    message: expect.stringMatching(/nobody trusted has issued/),
  });
  await expect(source.export(vm, new Uint8Array(3))).rejects.toThrow('the offer is not accepted: expected 4 bytes');
  await Promise.all([source.close(), target.close()]);
});

test('what a crash left of a revocation is carried out at the next start', async () => {
  const store = createMemoryStore();
  const at = join(folder, 'revocation');
  const host = { hostUuid: 'h', hostEkHash: '' };
  const authority = await openHostAuthority({ folder: join(at, 'ca'), host, certify: root.certifyHost });
  const options = { store, backend: 'software', folder: join(at, 'vtpm') } as const;
  const dying: HostAuthority = { ...authority, revoke: () => Promise.reject(new Error('the power went')) };
  const first = await createVtpmInstances({ ...options, authority: dying });
  const { identity } = await first.create(vm);
  await expect(first.renewCertificate(vm)).rejects.toThrow('the power went');
  const { serial } = readCertificate(identity.ekCertificateChain[0]!);
  expect(authority.isRevoked(serial)).toBe(false);
  const second = await createVtpmInstances({ ...options, authority });
  expect(authority.isRevoked(serial)).toBe(true);
  await Promise.all([first.close(), second.close()]);
});

describeIf(await swtpmAvailable(), 'swtpm is not installed')('a virtual TPM 1.2', () => {
  const zero = new Uint8Array(20);
  const sha1Event = { pcr: 10, digests: [{ algorithm: 'sha1', digest: zero }, ...event.digests] } as const;
  const opened: VtpmInstances[] = [];
  const open = async (name: string, store: Store = createMemoryStore()): Promise<VtpmInstances> => {
    const host = { hostUuid: name, hostEkHash: '' };
    const authority = await openHostAuthority({ folder: join(folder, name, 'ca'), host, certify: root.certifyHost });
    const options = { store, backend: 'software', folder: join(folder, name), authority } as const;
    const instances = await createVtpmInstances(options);
    opened.push(instances);
    return instances;
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((instances) => instances.close()));
  });

  /** Whether its identity key quotes what its registers hold. */
  async function quotes(instance: VtpmInstance, nonce: Uint8Array): Promise<boolean> {
    const values = [await instance.client12().pcrRead(0), await instance.client12().pcrRead(10)];
    const expected = { key: publicKeyOf(instance.identity.akPublic), externalData: nonce, pcrs: [0, 10], values };
    for (const form of ['quote', 'quote2'] as const) {
      expect(verifyQuote12(await instance.quote12(form, nonce, [0, 10]), expected).kind).toBe(form);
    }
    return true;
  }

  test('has a certified identity and registers like any other, over starts, resets, suspends and restarts', async () => {
    const store = createMemoryStore();
    const first = await open('v12-life', store);
    const made = await first.create(vm, undefined, '1.2');
    expect([made.family, made.backend]).toEqual(['1.2', 'swtpm']);
    const [leaf] = verifyChain(made.identity.ekCertificateChain, [root.certificate], {
      now: Date.now(),
      purpose: certificateOids.ekCertificate,
    });
    expect(leaf!.tpmSpecification).toEqual({ family: '1.2', level: 2, revision: 116 });
    await first.powerOn(vm);
    expect(() => made.client()).toThrow(errorLike({ code: 'vtpm_wrong_family' }));
    expect(await readCertificate12(made.client12())).toEqual(made.identity.ekCertificateChain[0]);
    expect(await first.extend(vm, [sha1Event])).toBe(1);
    const extended = await made.client12().pcrRead(10);
    expect(extended).not.toEqual(zero);
    await expect(first.extend(vm, [event])).rejects.toMatchObject({ code: 'vtpm_failed' });
    expect(await quotes(made, new Uint8Array(20).fill(1))).toBe(true);
    const atOnce = Array.from({ length: 24 }, (_, n) => made.quote12('quote2', new Uint8Array(20).fill(n), [10]));
    expect(await Promise.all(atOnce)).toHaveLength(24);
    await first.suspend(vm);
    await first.close();

    const again = await open('v12-life', store);
    const instance = await again.resume(vm);
    expect(await instance.client12().pcrRead(10)).toEqual(extended);
    expect(await quotes(instance, new Uint8Array(20).fill(2))).toBe(true);
    await again.restart(vm);
    expect(await instance.client12().pcrRead(10)).toEqual(zero);
    await again.renewCertificate(vm);
    expect(await readCertificate12(instance.client12())).toEqual(instance.identity.ekCertificateChain[0]);
    await again.powerOff(vm);
    const { ekName, akName } = instance.identity;
    await again.reset(vm);
    await again.powerOn(vm);
    expect(instance.identity.ekName).toEqual(ekName);
    expect(instance.identity.akName).not.toEqual(akName);
    expect(await quotes(instance, new Uint8Array(20).fill(3))).toBe(true);
  });

  test('is cloned as one, and moves to another host', async () => {
    const source = await open('v12-source');
    const target = await open('v12-target');
    const { identity } = await source.create(vm, undefined, '1.2');
    const copy = await source.clone(vm, other);
    expect(copy.family).toBe('1.2');
    expect(copy.identity.ekName).not.toEqual(identity.ekName);
    const arrived = await target.import(vm, await source.export(vm, await target.prepareImport(vm)));
    expect([arrived.family, arrived.state]).toEqual(['1.2', 'off']);
    await target.powerOn(vm);
    expect(await quotes(arrived, new Uint8Array(20).fill(4))).toBe(true);
    expect(await readCertificate12(arrived.client12())).toEqual(arrived.identity.ekCertificateChain[0]);
  });
});
