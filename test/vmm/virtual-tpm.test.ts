import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../src/base/index.js';
import { createMemoryStore, type Store } from '../../src/store/index.js';
import { parsePcrSelection } from '../../src/tpm/index.js';
import { decodeEventLog, replayEventLog, replayImaLog } from '../../src/tpm/logs/index.js';
import {
  createVtpmInstances,
  openDatacenterRoot,
  openHostAuthority,
  type VtpmInstances,
} from '../../src/vtpm/index.js';
import {
  cloneVm,
  destroyVm,
  GuestBoot,
  type HostBoot,
  type HostParts,
  leaveRunning,
  pauseVm,
  recover,
  resetVm,
  restoreVm,
  saveVm,
  startVm,
  stopVm,
} from '../../src/vmm/index.js';
import { actor, codeOf, crash, define, enforceSample, openHost, type TestHost } from './support/host.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-vmm-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function openVtpms(store: Store, owner: () => HostParts): Promise<VtpmInstances> {
  const root = await openDatacenterRoot({ folder: join(folder, 'root') });
  const host = { hostUuid: '99999999-9999-4999-8999-999999999999', hostEkHash: '' };
  const authority = await openHostAuthority({ folder: join(folder, 'ca'), host, certify: root.certifyHost });
  return createVtpmInstances({
    store,
    backend: 'software',
    folder: join(folder, 'vtpm'),
    authority,
    ownerState: (vm) => owner().inventory.vm(vm)?.state ?? 'absent',
  });
}

async function image(): Promise<string> {
  const at = join(folder, 'image');
  await mkdir(at);
  const files = ['firmware', 'loader', 'grub.cfg', 'kernel', 'service'];
  for (const file of files) await writeFile(join(at, file), file);
  const manifest = {
    format: 1,
    crtm: 'tvdc',
    firmware: 'firmware',
    bootLoader: 'loader',
    bootConfiguration: 'grub.cfg',
    kernel: 'kernel',
    commandLine: 'quiet',
    files: [{ path: '/usr/bin/service', source: 'service' }],
  };
  await writeFile(join(at, 'image.json'), JSON.stringify(manifest));
  return at;
}

async function withRealTpms(host: TestHost): Promise<HostParts> {
  const { store } = host.parts;
  const holder: { parts: HostParts } = { parts: host.parts };
  const vtpms = await openVtpms(store, () => holder.parts);
  holder.parts = { ...host.parts, vtpms, boot: new GuestBoot(store, vtpms, {} as HostBoot) };
  return holder.parts;
}

async function pcrsOf(parts: HostParts, vm: string): Promise<readonly string[]> {
  const client = parts.vtpms.get(vm)?.client();
  const values: string[] = [];
  for (const selection of ['sha256:0-7', 'sha256:8-10']) {
    const read = await client?.pcrRead(parsePcrSelection(selection));
    values.push(...(read?.values ?? []).map((value) => toHex(value.digest)));
  }
  return values;
}

test('the PCRs of a real virtual TPM are those of the logs of its boot, over a whole life', async () => {
  const host = await openHost({ store: createMemoryStore() });
  const parts = await withRealTpms(host);
  await enforceSample(parts);
  const { uuid } = await define(parts, 'ma', 'MA', { image: await image() });
  await startVm(parts, actor, uuid);
  const logs = parts.boot.logs(uuid);
  const events = replayEventLog(decodeEventLog(logs?.eventLog ?? new Uint8Array(0)), 'sha256');
  const ima = replayImaLog(logs?.measurements(0, 1000).data ?? new Uint8Array(0), { banks: ['sha256'] });
  const expected = Array.from({ length: 10 }, (_, pcr) => toHex(events.get(pcr) ?? new Uint8Array(32)));
  const booted = [...expected, toHex(ima.values.sha256 ?? new Uint8Array(0))];
  expect(await pcrsOf(parts, uuid)).toEqual(booted);

  await pauseVm(parts, actor, uuid);
  expect(await codeOf(parts.vtpms.destroy(uuid))).toBe('vtpm_in_use');
  expect(await codeOf(parts.vtpms.reset(uuid))).toBe('vtpm_in_use');
  await saveVm(parts, actor, uuid);
  expect(await codeOf(parts.vtpms.reset(uuid))).toBe('vtpm_in_use');
  await restoreVm(parts, actor, uuid);
  expect(await pcrsOf(parts, uuid)).toEqual(booted);
  await resetVm(parts, actor, uuid);
  expect(await pcrsOf(parts, uuid)).toEqual(booted);

  await leaveRunning(parts);
  await parts.vtpms.close();
  const after = await withRealTpms(await crash(host));
  await recover(after);
  expect(await pcrsOf(after, uuid)).toEqual(booted);

  await stopVm(after, actor, uuid);
  const copy = await cloneVm(after, actor, uuid, 'copy');
  const names = [uuid, copy.uuid].map((vm) => toHex(after.vtpms.get(vm)?.identity.ekName ?? new Uint8Array(0)));
  expect(names[0]).not.toBe(names[1]);
  for (const vm of [uuid, copy.uuid]) await destroyVm(after, actor, vm);
  expect(after.vtpms.list()).toEqual([]);
  await after.vtpms.close();
});

test('a real virtual TPM that was lost with its process stays off until its virtual machine boots again', async () => {
  const host = await openHost({ store: createMemoryStore() });
  const parts = await withRealTpms(host);
  await enforceSample(parts);
  const { uuid } = await define(parts, 'ma', 'MA', { image: await image() });
  await startVm(parts, actor, uuid);
  const booted = await pcrsOf(parts, uuid);
  const next = await crash(host);
  const after = await withRealTpms(next);
  await recover(after);
  expect(after.vtpms.get(uuid)?.state).toBe('off');
  expect(next.events).toMatchObject([{ kind: 'vtpm-failed', vm: uuid }]);
  await saveVm(after, actor, uuid);
  await restoreVm(after, actor, uuid);
  expect(after.vtpms.get(uuid)?.state).toBe('off');
  await resetVm(after, actor, uuid);
  expect(await pcrsOf(after, uuid)).toEqual(booted);
  await after.vtpms.close();
  await parts.vtpms.close();
});
