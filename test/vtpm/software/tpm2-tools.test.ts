import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ServedTpm, serveSoftwareTpm } from '../../../src/vtpm/index.js';
import { describeIf } from '../../support/parts.js';

const run = promisify(execFile);

function installed(): boolean {
  try {
    execFileSync('tpm2_getcap', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Two neighbouring ports that are free: the tools reach the control channel at the data port plus one. */
async function serve(folder: string): Promise<ServedTpm> {
  for (let port = 21_000 + (process.pid % 20_000); ; port += 2) {
    try {
      return await serveSoftwareTpm({ port, folder });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

describeIf(installed(), 'tpm2-tools are not installed')('stock tpm2-tools', () => {
  let folder: string;
  let served: ServedTpm;
  const tool = async (name: string, ...args: readonly string[]): Promise<string> => {
    const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${served.port}` };
    const { stdout } = await run(name, args, { cwd: folder, env });
    return stdout;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tvdc-tools-'));
    served = await serve(join(folder, 'tpm'));
  });

  afterEach(async () => {
    await served.close();
    await rm(folder, { recursive: true });
  });

  test('read capabilities and PCRs, and extend', async () => {
    expect(await tool('tpm2_getcap', 'properties-fixed')).toContain('TPM2_PT_MANUFACTURER');
    for (const capability of ['properties-variable', 'algorithms', 'commands', 'pcrs', 'ecc-curves', 'handles-pcr']) {
      expect((await tool('tpm2_getcap', capability)).length).toBeGreaterThan(5);
    }
    await tool('tpm2_pcrextend', `10:sha256=${'11'.repeat(32)}`);
    const expected = createHash('sha256')
      .update(Buffer.concat([Buffer.alloc(32), Buffer.alloc(32, 0x11)]))
      .digest('hex');
    expect((await tool('tpm2_pcrread', 'sha256:10')).toLowerCase()).toContain(expected);
    await tool('tpm2_pcrevent', '8', 'tpm/state.key');
    await tool('tpm2_pcrreset', '16');
    expect((await tool('tpm2_getrandom', '--hex', '16')).trim()).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each(['ecc', 'rsa'])('make %s EK and AK, quote, check the quote and activate a credential', async (kind) => {
    await tool('tpm2_createek', '-c', 'ek.ctx', '-G', kind, '-u', 'ek.pub');
    const scheme = kind === 'rsa' ? 'rsassa' : 'ecdsa';
    await tool(
      'tpm2_createak',
      '-C',
      'ek.ctx',
      '-c',
      'ak.ctx',
      '-G',
      kind,
      '-g',
      'sha256',
      '-s',
      scheme,
      '-u',
      'ak.pem',
      '-f',
      'pem',
      '-n',
      'ak.name',
    );
    await tool(
      'tpm2_quote',
      '-c',
      'ak.ctx',
      '-l',
      'sha256:0,1,10',
      '-q',
      'abc123',
      '-m',
      'quote.msg',
      '-s',
      'quote.sig',
      '-o',
      'quote.pcrs',
      '-g',
      'sha256',
    );
    await tool(
      'tpm2_checkquote',
      '-u',
      'ak.pem',
      '-m',
      'quote.msg',
      '-s',
      'quote.sig',
      '-f',
      'quote.pcrs',
      '-g',
      'sha256',
      '-q',
      'abc123',
    );
    await writeFile(join(folder, 'secret'), 'twelve bytes');
    const name = (await readFile(join(folder, 'ak.name'))).toString('hex');
    await tool('tpm2_makecredential', '-u', 'ek.pub', '-s', 'secret', '-n', name, '-o', 'credential');
    await tool('tpm2_startauthsession', '--policy-session', '-S', 'session.ctx');
    await tool('tpm2_policysecret', '-S', 'session.ctx', '-c', 'e');
    await tool(
      'tpm2_activatecredential',
      '-c',
      'ak.ctx',
      '-C',
      'ek.ctx',
      '-i',
      'credential',
      '-o',
      'activated',
      '-P',
      'session:session.ctx',
    );
    await tool('tpm2_flushcontext', 'session.ctx');
    expect(await readFile(join(folder, 'activated'), 'utf8')).toBe('twelve bytes');
  });

  test('create, load, seal, unseal, persist and sign with keys', async () => {
    await tool('tpm2_createprimary', '-C', 'o', '-G', 'ecc', '-c', 'primary.ctx');
    await writeFile(join(folder, 'data'), 'sealed');
    await tool('tpm2_create', '-C', 'primary.ctx', '-i', 'data', '-u', 'seal.pub', '-r', 'seal.priv', '-p', 'secret');
    await tool('tpm2_load', '-C', 'primary.ctx', '-u', 'seal.pub', '-r', 'seal.priv', '-c', 'seal.ctx');
    expect(await tool('tpm2_unseal', '-c', 'seal.ctx', '-p', 'secret')).toBe('sealed');
    await expect(tool('tpm2_unseal', '-c', 'seal.ctx', '-p', 'wrong')).rejects.toThrow(/0x0*98E|auth/i);
    await tool('tpm2_create', '-C', 'primary.ctx', '-G', 'ecc', '-u', 'key.pub', '-r', 'key.priv');
    await tool('tpm2_load', '-C', 'primary.ctx', '-u', 'key.pub', '-r', 'key.priv', '-c', 'key.ctx');
    await tool('tpm2_sign', '-c', 'key.ctx', '-g', 'sha256', '-f', 'plain', '-o', 'signature', 'data');
    await tool('tpm2_readpublic', '-c', 'key.ctx', '-f', 'pem', '-o', 'key.pem');
    const { stdout } = await run(
      'openssl',
      ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'signature', 'data'],
      { cwd: folder },
    );
    expect(stdout).toContain('Verified OK');
    await tool('tpm2_evictcontrol', '-C', 'o', '-c', 'primary.ctx', '0x81000001');
    expect(await tool('tpm2_getcap', 'handles-persistent')).toContain('0x81000001');
  });

  test('define, write, read, increment and remove NV indices', async () => {
    await tool('tpm2_nvdefine', '-C', 'o', '-s', '5', '0x1500016');
    await writeFile(join(folder, 'data'), 'hello');
    await tool('tpm2_nvwrite', '-C', 'o', '-i', 'data', '0x1500016');
    expect(await tool('tpm2_nvread', '-C', 'o', '0x1500016')).toBe('hello');
    expect(await tool('tpm2_nvreadpublic', '0x1500016')).toContain('0x1500016');
    await tool('tpm2_nvdefine', '-C', 'o', '-a', 'ownerread|ownerwrite|nt=counter', '0x1500017');
    await tool('tpm2_nvincrement', '-C', 'o', '0x1500017');
    await tool('tpm2_nvundefine', '-C', 'o', '0x1500016');
    await tool('tpm2_changeauth', '-c', 'o', 'owner');
    await tool('tpm2_clear', '-c', 'p');
  });
});
