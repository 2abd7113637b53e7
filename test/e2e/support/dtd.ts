import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedFolder } from '../../support/shared.js';

const shared = sharedFolder();
const dtd = shared === null ? null : join(shared, 'data', 'dmtf', 'DSP0203_2.4.0.dtd');

export const canValidate = dtd !== null && existsSync(dtd) && spawnSync('xmllint', ['--version']).error === undefined;

/** What the DTD of DSP0203 2.4.0 has against documents; empty: nothing. Line numbers are positions in the list. */
export async function dtdComplaints(documents: readonly string[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tvdc-dtd-'));
  try {
    const files = documents.map((_, index) => `${index}.xml`);
    await Promise.all(documents.map((text, index) => writeFile(join(folder, `${index}.xml`), text)));
    const words = ['--nonet', '--noout', '--dtdvalid', dtd ?? '', ...files];
    const output = await new Promise<string>((resolve) => {
      execFile('xmllint', words, { cwd: folder, maxBuffer: 1 << 26 }, (error, _stdout, stderr) =>
        resolve(error === null ? '' : stderr || error.message),
      );
    });
    return output.split('\n').filter((line) => line !== '');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
