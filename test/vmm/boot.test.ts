import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from '../../src/store/index.js';
import type { ExtendedEvent, TpmClient } from '../../src/tpm/index.js';
import {
  decodeEventLog,
  decodeImaLog,
  eventDataMatches,
  formatImaEntry,
  replayEventLog,
  replayImaLog,
} from '../../src/tpm/logs/index.js';
import { hash, type HashAlgorithm, toHex } from '../../src/base/index.js';
import { destroyVm, GuestBoot, HostBoot, measureBoot, readImage, startVm, stopVm } from '../../src/vmm/index.js';
import { actor, codeOf, define, enforceSample, faultsOf, openHost } from './support/host.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-boot-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function image(name: string, changed: Readonly<Record<string, string>> = {}): Promise<string> {
  const at = join(folder, name);
  await mkdir(at);
  const manifest = {
    format: 1,
    crtm: 'tvdc 1.0',
    firmware: 'firmware',
    bootLoader: 'loader',
    bootConfiguration: 'grub.cfg',
    kernel: 'kernel',
    commandLine: changed['commandLine'] ?? 'root=/dev/vda ima_policy=tcb',
    files: [
      { path: '/usr/bin/one', source: 'one' },
      { path: '/usr/bin/two', source: 'two' },
    ],
  };
  await writeFile(join(at, 'image.json'), JSON.stringify(manifest));
  for (const file of ['firmware', 'loader', 'grub.cfg', 'kernel', 'one', 'two']) {
    await writeFile(join(at, file), changed[file] ?? `content of ${file}`);
  }
  return at;
}

/** PCR values after extensions, computed with nothing but the hash. */
function extend(events: readonly ExtendedEvent[], algorithm: HashAlgorithm): Map<number, string> {
  const size = hash(algorithm, new Uint8Array(0)).length;
  const values = new Map<number, Uint8Array>();
  for (const { pcr, digests } of events) {
    const digest = digests.find((item) => item.algorithm === algorithm)?.digest;
    if (digest === undefined) throw new Error(`no ${algorithm} digest for PCR ${pcr}`);
    const before = values.get(pcr) ?? new Uint8Array(size);
    values.set(pcr, hash(algorithm, new Uint8Array([...before, ...digest])));
  }
  return new Map([...values].map(([pcr, value]) => [pcr, toHex(value)]));
}

const pathsOf = (log: Uint8Array): readonly (string | undefined)[] =>
  [...decodeImaLog(log)].map((entry) => formatImaEntry(entry).split(' ').at(-1));

async function boot(name: string, changed: Readonly<Record<string, string>> = {}) {
  const measured = await measureBoot(await readImage(await image(name, changed)));
  return { ...measured, pcrs: extend(measured.extensions, 'sha256') };
}

test.each(['sha1', 'sha256'] as const)(
  'both logs of a boot replay to the PCR values that it extends: %s',
  async (bank) => {
    const measured = await boot('sound');
    const expected = extend(measured.extensions, bank);
    const replayed = replayEventLog(decodeEventLog(measured.eventLog), bank);
    for (const [pcr, value] of replayed)
      expect({ pcr, value: toHex(value) }).toEqual({ pcr, value: expected.get(pcr) });
    expect([...replayed.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const ima = replayImaLog(measured.measurements, { banks: [bank] });
    expect(toHex(ima.values[bank] as Uint8Array)).toBe(expected.get(10));
  },
);

test('what the event log says in words is what was measured, where the profile says so', async () => {
  const log = decodeEventLog((await boot('sound')).eventLog);
  const separators = log.events.filter((event) => eventDataMatches(event, 'sha256') === true);
  expect(separators.length).toBeGreaterThanOrEqual(8);
});

test('the same image gives the same values', async () => {
  expect((await boot('first')).pcrs).toEqual((await boot('second')).pcrs);
});

test.each([
  ['firmware', [0, 10]],
  ['loader', [4, 10]],
  ['grub.cfg', [8, 10]],
  ['commandLine', [8, 10]],
  ['kernel', [9, 10]],
  ['two', [10]],
])('a change of %s changes exactly the PCRs %j', async (what, pcrs) => {
  const sound = (await boot('sound')).pcrs;
  const other = (await boot('other', { [what]: 'tampered' })).pcrs;
  expect([...sound.keys()].filter((pcr) => sound.get(pcr) !== other.get(pcr))).toEqual(pcrs);
});

test('the first measurement is the boot aggregate, then the files in their order', async () => {
  expect(pathsOf((await boot('sound')).measurements)).toEqual(['boot_aggregate', '/usr/bin/one', '/usr/bin/two']);
});

test('an image that cannot be measured does not boot', async () => {
  const host = await openHost();
  await enforceSample(host.parts);
  const at = await image('broken');
  await rm(join(at, 'two'));
  const vm = await define(host.parts, 'ma', 'MA', { image: at });
  expect(await codeOf(startVm(host.parts, actor, vm.uuid))).toBe('bad_image');
  expect(host.parts.inventory.vm(vm.uuid)?.state).toBe('off');
  expect(host.vtpms.get(vm.uuid)?.state).toBe('off');
  expect(await faultsOf(host)).toEqual([]);
});

test('what a guest loads later extends its log and its virtual TPM alike, also when asked for at once', async () => {
  const host = await openHost();
  const { boot: guests, vtpms } = host.parts;
  await enforceSample(host.parts);
  const at = await image('sound');
  const vm = await define(host.parts, 'ma', 'MA', { image: at });
  expect(await codeOf(guests.load(vm.uuid, []))).toBe('not_booted');
  await startVm(host.parts, actor, vm.uuid);
  const before = host.vtpms.extended(vm.uuid).length;
  await Promise.all(['a', 'b', 'c'].map((path) => guests.load(vm.uuid, [{ path, source: join(at, 'one') }])));
  const log = guests.logs(vm.uuid)?.measurements(0, 100).data ?? new Uint8Array(0);
  expect(pathsOf(log).slice(-3)).toEqual(['a', 'b', 'c']);
  expect(host.vtpms.extended(vm.uuid)).toHaveLength(before + 3);
  expect(guests.logs(vm.uuid)?.measurements(4, 1)).toMatchObject({ nextIndex: 5 });
  await vtpms.powerOff(vm.uuid);
  expect(await codeOf(guests.load(vm.uuid, []))).toBe('not_booted');
  await stopVm(host.parts, actor, vm.uuid);
  await destroyVm(host.parts, actor, vm.uuid);
  expect(guests.logs(vm.uuid)).toBeUndefined();
});

test('the host measures which policy it enforces: each once, and again after the TPM refused', async () => {
  const { parts } = await openHost();
  const extended: ExtendedEvent[] = [];
  let broken = false;
  const client = {
    pcrExtend: async (pcr: number, digests: ExtendedEvent['digests']) => {
      if (broken) throw new Error('gone');
      extended.push({ pcr, digests });
    },
  } as unknown as TpmClient;
  const host = new HostBoot(client, (state) => new Uint8Array(Buffer.from(JSON.stringify(state))));
  const guests = new GuestBoot(createMemoryStore(), parts.vtpms, host);
  await host.measure(await image('host'));
  await Promise.all([guests.extendIsolation(parts.monitor), guests.extendIsolation(parts.monitor)]);
  await enforceSample(parts);
  broken = true;
  await expect(guests.extendIsolation(parts.monitor)).rejects.toThrow('gone');
  broken = false;
  await guests.extendIsolation(parts.monitor);
  const log = decodeEventLog(host.isolationLog);
  const events = log.events.filter((event) => event.pcr === 13);
  expect(events).toHaveLength(2);
  expect(Buffer.from(events[1]?.data ?? []).toString()).toContain('tvdc-sample');
  const value = replayEventLog(log, 'sha256').get(13) ?? new Uint8Array(0);
  expect(toHex(value)).toBe(extend(extended, 'sha256').get(13));
});
