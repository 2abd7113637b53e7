import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemRandomness } from '../../../src/base/index.js';
import { createTpmClient, ekEccTemplate, parsePcrSelection } from '../../../src/tpm/index.js';
import { createSwtpmDriver, swtpmAvailable } from '../../../src/vtpm/swtpm/index.js';
import { describeIf } from '../../support/parts.js';

const selection = parsePcrSelection('sha256:10');

/** Process identifiers of the swtpm that has its state below a folder. */
async function processesOf(folder: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const line = /^\d+$/.test(name) ? await readFile(join('/proc', name, 'cmdline'), 'utf8').catch(() => '') : '';
    if (line.startsWith('swtpm') && line.includes(folder)) found.push(Number(name));
  }
  return found;
}

describeIf(await swtpmAvailable(), 'swtpm is not installed')('a swtpm process that dies', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tvdc-crash-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  test('is started again with its keys and, honestly, without its PCRs; too many deaths in a row leave it down', async () => {
    const driver = createSwtpmDriver({ folder, randomness: systemRandomness, log: silentLog });
    const name = await driver.manufacture('tpm', async (transport) => {
      const client = createTpmClient(transport);
      await client.startup('clear');
      const key = await client.createPrimary('endorsement', ekEccTemplate);
      await client.evictControl('owner', key.handle, 0x81010002);
      await client.shutdown('clear');
      return key.name;
    });
    expect(await processesOf(folder)).toEqual([]);
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
      for (const pid of await processesOf(folder)) process.kill(pid, 'SIGKILL');
      await crashed;
      if (death === 4) break;
      expect((await client.readPublic(0x81010002)).name).toEqual(name);
      expect((await client.pcrRead(selection)).values[0]!.digest).toEqual(new Uint8Array(32));
    }
    expect(crashes).toEqual([true, true, true, false]);
    await expect(client.pcrRead(selection)).rejects.toMatchObject({ code: 'tpm_closed' });
    await powered.stop();
    expect(await processesOf(folder)).toEqual([]);
  });

  test('keeps its state encrypted', async () => {
    const driver = createSwtpmDriver({ folder, randomness: systemRandomness, log: silentLog });
    await driver.manufacture('tpm', (transport) => createTpmClient(transport).startup('clear'));
    const key = await readFile(join(folder, 'state.key'), 'utf8');
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    const { permanent } = await driver.exportState('tpm');
    const atRest = await readFile(join(folder, 'tpm', 'tpm2-00.permall'));
    expect(atRest.includes(Buffer.from(permanent.subarray(permanent.length - 64)))).toBe(false);
  });
});
