import { cpSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openManagementVm } from '../../src/host/management-vm/index.js';
import { createTpmClient } from '../../src/tpm/index.js';
import { openTcpTransport, type ServedTpm, serveSoftwareTpm } from '../../src/vtpm/index.js';
import { run } from './run.js';

describe('a host whose virtual TPMs are sealed to its TPM', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-cli-state-'));
  const data = join(folder, 'data');
  const copy = join(folder, 'copy');
  const keyFile = join(data, 'vtpm', 'state.key');
  let chip: ServedTpm;
  let at: string;

  beforeAll(async () => {
    chip = await serveSoftwareTpm({ port: 0, folder: join(folder, 'chip') });
    at = `127.0.0.1:${chip.port}`;
  });
  afterAll(async () => {
    await chip.close();
    rmSync(folder, { recursive: true });
  });

  const vtpm = (...argv: readonly string[]) => run('vtpm', 'state', ...argv, '--data', data, '--seal-tpm', at);

  /** A host that starts and stops. */
  async function host(sealTpm = at): Promise<void> {
    const opened = await openManagementVm({ folder: data, listen: [], vtpm: 'software', sample: true, sealTpm });
    await opened.close();
  }

  test('shows it, and writes the key down for its owner', async () => {
    await host();
    expect(existsSync(keyFile)).toBe(false);
    const shown = await vtpm('show', '-o', 'json');
    expect(JSON.parse(shown.out)).toMatchObject({ kind: 'tpm', pcrs: 'sha256:0,2,4,7' });
    const file = join(folder, 'recovery');
    expect((await vtpm('recovery', '--file', file)).status).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('does not start with an older copy of its folder, until somebody says why', async () => {
    cpSync(data, copy, { recursive: true });
    await host();
    rmSync(data, { recursive: true });
    cpSync(copy, data, { recursive: true });
    await expect(host()).rejects.toMatchObject({ code: 'vtpm_rolled_back' });
    const refused = await vtpm('show');
    expect([refused.status, refused.notes]).toEqual([2, expect.stringContaining('tvdc vtpm state accept')]);
    expect((await vtpm('accept')).status).toBe(2);
    expect((await vtpm('accept', '--reason', ' ')).status).toBe(2);
    expect((await vtpm('accept', '--reason', 'the disk died')).status).toBe(0);
    await host();
  });

  test('takes a backup that is restored for what is meant', async () => {
    const backup = join(folder, 'backup.db');
    expect((await run('backup', backup, '--data', data)).status).toBe(0);
    await host();
    const elsewhere = await run('restore', backup, '--data', data, '--seal-tpm', 'none');
    expect([elsewhere.status, elsewhere.notes]).toEqual([0, expect.stringContaining('was not told')]);
    await expect(host()).rejects.toMatchObject({ code: 'vtpm_rolled_back' });
    const restored = await run('restore', backup, '--data', data, '--seal-tpm', at);
    expect([restored.status, restored.notes]).toEqual([0, '']);
    await host();
  });

  test('starts after an update of its firmware, or without its TPM, by the key that was written down', async () => {
    const client = createTpmClient(await openTcpTransport('127.0.0.1', chip.port));
    await client.pcrExtend(0, [{ algorithm: 'sha256', digest: new Uint8Array(32).fill(1) }]);
    await client.close();
    await expect(host()).rejects.toMatchObject({ code: 'vtpm_key_unavailable' });
    const recovery = ['--recovery', join(folder, 'recovery')];
    const wrong = await vtpm('accept', '--reason', 'new firmware', '--recovery', join(data, 'admin.secret'));
    expect(wrong.status).toBe(2);
    expect((await vtpm('accept', '--reason', 'new firmware', ...recovery)).status).toBe(0);
    await host();
    await expect(host('none')).rejects.toMatchObject({ code: 'vtpm_key_unavailable' });
    const offline = ['vtpm', 'state', 'accept', '--data', data, '--seal-tpm', 'none', '--reason', 'sold', ...recovery];
    expect((await run(...offline)).status).toBe(0);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    await host('none');
  });
});
