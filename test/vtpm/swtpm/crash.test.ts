import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { silentLog, systemRandomness } from '../../../src/base/index.js';
import { createMemoryStore } from '../../../src/store/index.js';
import { createTpmClient, ekEccTemplate, nvAttributes, parsePcrSelection, tpmHandles } from '../../../src/tpm/index.js';
import { createVtpmInstances, openDatacenterRoot, openHostAuthority } from '../../../src/vtpm/index.js';
import { clearLeftovers, createSwtpmDriver, swtpmAvailable, tpm20Family } from '../../../src/vtpm/swtpm/index.js';
import { describeIf } from '../../support/parts.js';
import { memoryVault } from '../../support/vaults.js';

const selection = parsePcrSelection('sha256:10');

/** The swtpm processes that this test has started: their command lines by process identifier. */
async function processes(): Promise<ReadonlyMap<number, readonly string[]>> {
  const found = new Map<number, readonly string[]>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [line, status] = await Promise.all(
      ['cmdline', 'status'].map((file) => readFile(join('/proc', name, file), 'utf8').catch(() => '')),
    );
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(status ?? '')?.[1]);
    if (line?.startsWith('swtpm') === true && parent === process.pid) found.set(Number(name), line.split('\0'));
  }
  return found;
}

async function killAll(): Promise<void> {
  for (const pid of (await processes()).keys()) process.kill(pid, 'SIGKILL');
}

describeIf(await swtpmAvailable(), 'swtpm is not installed')('a swtpm process that dies', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tvdc-crash-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  test('is started again with its keys and, honestly, without its PCRs; too many deaths in a row leave it down', async () => {
    const driver = createSwtpmDriver({ vault: memoryVault(), randomness: systemRandomness, log: silentLog });
    const name = await driver.manufacture('tpm', async (transport) => {
      const client = createTpmClient(transport);
      await client.startup('clear');
      const key = await client.createPrimary('endorsement', ekEccTemplate);
      await client.evictControl('owner', key.handle, 0x81010002);
      await client.shutdown('clear');
      return key.name;
    });
    expect((await processes()).size).toBe(0);
    const crashes: boolean[] = [];
    let notify: () => void = () => undefined;
    const powered = await driver.power('tpm', {
      resume: false,
      afterCrash: 'restart',
      onCrash: (restarted) => {
        crashes.push(restarted);
        notify();
      },
    });
    const client = createTpmClient(powered.transport);
    await client.startup('clear');
    for (let death = 1; death <= 4; death++) {
      await client.pcrExtend(10, [{ algorithm: 'sha256', digest: new Uint8Array(32) }]);
      const crashed = new Promise<void>((resolve) => {
        notify = resolve;
      });
      await killAll();
      await crashed;
      if (death === 4) break;
      expect((await client.readPublic(0x81010002)).name).toEqual(name);
      expect((await client.pcrRead(selection)).values[0]!.digest).toEqual(new Uint8Array(32));
    }
    expect(crashes).toEqual([true, true, true, false]);
    await expect(client.pcrRead(selection)).rejects.toMatchObject({ code: 'tpm_closed' });
    await powered.stop();
    expect((await processes()).size).toBe(0);
  });

  test('leaves its virtual machine without a TPM until the machine boots again', async () => {
    const root = await openDatacenterRoot({ folder: join(folder, 'root') });
    const host = { hostUuid: '11111111-1111-4111-8111-111111111111', hostEkHash: '' };
    const authority = await openHostAuthority({ folder: join(folder, 'ca'), host, certify: root.certifyHost });
    let tell: (state: string) => void = () => undefined;
    const at = join(folder, 'vtpm');
    const instances = await createVtpmInstances({
      store: createMemoryStore(),
      backend: 'swtpm',
      folder: at,
      authority,
      ownerState: () => 'running',
      onFailure: (failed) => tell(failed.state),
    });
    const vm = '22222222-2222-4222-8222-222222222222';
    const event = { pcr: 10, digests: [{ algorithm: 'sha256', digest: new Uint8Array(32) }] } as const;
    try {
      const { identity } = await instances.create(vm);
      const tpm = await instances.powerOn(vm);
      const guest = tpm.transport();
      for (const boot of ['start', 'reset'] as const) {
        await instances.extend(vm, [event]);
        const failure = new Promise<string>((resolve) => {
          tell = resolve;
        });
        await killAll();
        expect(await failure).toBe('failed');
        expect(tpm.state).toBe('failed');
        expect((await processes()).size).toBe(0);
        await expect(instances.extend(vm, [event])).rejects.toMatchObject({ code: 'vtpm_off' });
        await expect(guest.transmit(new Uint8Array(12))).rejects.toBeDefined();
        await expect(instances.suspend(vm)).rejects.toMatchObject({ code: 'vtpm_off' });
        await (boot === 'start' ? instances.powerOn(vm) : instances.restart(vm));
        expect(tpm.state).toBe('running');
        const [pcr] = (await tpm.client().pcrRead(selection)).values;
        expect(pcr?.digest).toEqual(new Uint8Array(32));
        expect((await tpm.client().readPublic(identity.ekHandle)).name).toEqual(identity.ekName);
      }
    } finally {
      await instances.close();
    }
  });

  test('keeps its state encrypted, and every acknowledged change of it when the whole host dies', async () => {
    const vault = memoryVault();
    const driver = createSwtpmDriver({ vault, randomness: systemRandomness, log: silentLog });
    await driver.manufacture('tpm', async (transport) => {
      const client = createTpmClient(transport);
      await client.startup('clear');
      await client.shutdown('clear');
    });
    const options = { resume: false, afterCrash: 'stay', onCrash: () => undefined } as const;
    const powered = await driver.power('tpm', options);
    const client = createTpmClient(powered.transport);
    await client.startup('clear');
    const index = 0x01800001;
    await client.nvDefine({ index, size: 4, attributes: nvAttributes.ownerWrite | nvAttributes.ownerRead });
    const owner = { authHandle: tpmHandles.owner };
    await client.nvWrite(index, Uint8Array.of(1, 2, 3, 4), owner);
    const { permanent } = vault.read('tpm');
    const [line] = (await processes()).values();
    const own = /^dir=(.*),mode/.exec(line?.[line.indexOf('--tpmstate') + 1] ?? '')?.[1] as string;
    const atRest = await readFile(join(own, 'tpm2-00.permall'));
    expect(atRest.includes(Buffer.from(permanent.subarray(permanent.length - 64)))).toBe(false);
    await killAll();

    const again = await driver.power('tpm', options);
    const survivor = createTpmClient(again.transport);
    await survivor.startup('clear');
    expect(await survivor.nvRead(index, owner)).toEqual(Uint8Array.of(1, 2, 3, 4));
    await survivor.shutdown('clear');
    await again.stop();
    await powered.stop();
    expect((await processes()).size).toBe(0);
    await expect(readdir(own)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that cannot be resumed keeps its PCRs for another try', async () => {
    const vault = memoryVault();
    const driver = createSwtpmDriver({ vault, randomness: systemRandomness, log: silentLog });
    await driver.manufacture('tpm', async (transport) => {
      const client = createTpmClient(transport);
      await client.startup('clear');
      await client.shutdown('clear');
    });
    const options = { afterCrash: 'stay', onCrash: () => undefined } as const;
    const powered = await driver.power('tpm', { ...options, resume: false });
    const client = createTpmClient(powered.transport);
    await client.startup('clear');
    await client.pcrExtend(10, [{ algorithm: 'sha256', digest: new Uint8Array(32) }]);
    const extended = (await client.pcrRead(selection)).values;
    await powered.suspend();
    await expect(client.pcrRead(selection)).rejects.toMatchObject({ code: 'tpm_closed' });
    const family = { ...tpm20Family, options: ['--no-such-option'] };
    const broken = createSwtpmDriver({ vault, family, randomness: systemRandomness, log: silentLog });
    const failed = broken.power('tpm', { ...options, resume: true });
    await expect(failed).rejects.toMatchObject({ code: 'vtpm_backend_unavailable' });
    const again = await driver.power('tpm', { ...options, resume: true });
    expect((await createTpmClient(again.transport).pcrRead(selection)).values).toEqual(extended);
    await again.stop();
  });

  test('leaves a folder that goes with the next start; folders of those that live stay', async () => {
    const driver = createSwtpmDriver({ vault: memoryVault(), randomness: systemRandomness, log: silentLog });
    const made = await driver.manufacture('tpm', async (transport) => {
      const client = createTpmClient(transport);
      await client.startup('clear');
      const [line] = (await processes()).values();
      const live = dirname(/^dir=(.*),mode/.exec(line?.[line.indexOf('--tpmstate') + 1] ?? '')?.[1] as string);
      const [dead, fresh] = [await mkdtemp(live), await mkdtemp(live)];
      await writeFile(join(dead, 'c'), '');
      const hourAgo = Date.now() / 1000 - 3600;
      for (const old of [live, dead]) await utimes(old, hourAgo, hourAgo);
      await clearLeftovers();
      const left = await readdir(tmpdir());
      await rm(fresh, { recursive: true });
      expect([live, dead, fresh].map((path) => left.includes(basename(path)))).toEqual([true, false, true]);
      expect(await client.getRandom(4)).toHaveLength(4);
      return 'made';
    });
    expect(made).toBe('made');
  });
});
