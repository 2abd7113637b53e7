import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLog, systemRandomness } from '../../../src/base/index.js';
import {
  compositeHash12,
  createTpm12Client,
  decodeQuoteInfo12,
  publicKeyOf,
  rsaKey12,
  type Tpm12Client,
  verifyQuote12,
  wellKnownAuth,
} from '../../../src/tpm/index.js';
import { family12, type ProvisionedTpm, readCertificate12 } from '../../../src/vtpm/family/index.js';
import { swtpmAvailable } from '../../../src/vtpm/index.js';
import { createSwtpmDriver, tpm12Family } from '../../../src/vtpm/swtpm/index.js';
import { describeIf } from '../../support/parts.js';
import { memoryVault } from '../../support/vaults.js';

const certificate = new Uint8Array(700).fill(0x30);
const nonce = new Uint8Array(20).fill(5);
const pcrs = [0, 10, 23];

describeIf(await swtpmAvailable(), 'swtpm is not installed')('a TPM 1.2 of swtpm', () => {
  const driver = createSwtpmDriver({
    vault: memoryVault(),
    family: tpm12Family,
    randomness: systemRandomness,
    log: silentLog,
  });
  let folder: string;
  let made: ProvisionedTpm;
  let client: Tpm12Client;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tvdc-tpm12-'));
    made = await driver.manufacture('tpm', (transport, powerCycle) =>
      family12.provision({ transport, powerCycle }, 'rsa', () => certificate),
    );
    const powered = await driver.power('tpm', { resume: false, afterCrash: 'stay', onCrash: () => undefined });
    client = createTpm12Client(powered.transport);
    await family12.startup(powered.transport);
    stop = () => powered.stop();
  });
  afterAll(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });

  /** OpenSSL's word on a signature. */
  async function isSigned(info: Uint8Array, signature: Uint8Array, modulus: Uint8Array): Promise<boolean> {
    const at = (name: string): string => join(folder, name);
    await writeFile(at('key.pem'), rsaKey12(modulus).export({ type: 'spki', format: 'pem' }));
    await writeFile(at('info'), info);
    await writeFile(at('signature'), signature);
    const args = ['dgst', '-sha1', '-verify', at('key.pem'), '-signature', at('signature'), at('info')];
    return promisify(execFile)('openssl', args).then(
      ({ stdout }) => stdout.includes('Verified OK'),
      () => false,
    );
  }

  async function valuesOf(indexes: readonly number[]): Promise<readonly Uint8Array[]> {
    const values: Uint8Array[] = [];
    for (const index of indexes) values.push(await client.pcrRead(index));
    return values;
  }

  const modulusOf = (key: ProvisionedTpm['keys']['akPublic']): Uint8Array =>
    key.kind === 'rsa' ? key.unique : new Uint8Array(0);

  test('says what it is, and has the keys and the certificate that were made for it', async () => {
    expect((await client.version()).slice(0, 2)).toEqual([1, 2]);
    expect(await client.manufacturer()).toMatch(/^[A-Z ]{3,4}/);
    const { ekPublic } = made.keys;
    expect(await client.ownerReadPubek(wellKnownAuth)).toEqual(modulusOf(ekPublic));
    expect(publicKeyOf(ekPublic).asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(await readCertificate12(client)).toEqual(certificate);
    await expect(client.readPubek()).rejects.toMatchObject({ code: 'TPM_DISABLED_CMD' });
    await expect(client.ownerReadPubek(nonce)).rejects.toMatchObject({ code: 'TPM_AUTHFAIL' });
  });

  test('extends registers as SHA-1 says', async () => {
    const before = await client.pcrRead(10);
    const digest = new Uint8Array(20).fill(7);
    const after = await client.pcrExtend(10, digest);
    expect(Buffer.from(after)).toEqual(createHash('sha1').update(before).update(digest).digest());
    expect(await client.pcrRead(10)).toEqual(after);
    await expect(client.pcrExtend(24, digest)).rejects.toMatchObject({ code: 'TPM_BADINDEX' });
  });

  test('quotes its registers in both forms, and openssl agrees', async () => {
    const handle = await client.loadKey(made.wrappedAk as Uint8Array, wellKnownAuth);
    const modulus = modulusOf(made.keys.akPublic);
    const key = rsaKey12(modulus);
    const values = await valuesOf(pcrs);
    const first = await client.quote(handle, wellKnownAuth, nonce, pcrs);
    const second = await client.quote2(handle, wellKnownAuth, nonce, pcrs, false);
    const versioned = await client.quote2(handle, wellKnownAuth, nonce, pcrs, true);
    for (const quoted of [first, second, versioned]) {
      expect(await isSigned(quoted.info, quoted.signature, modulus)).toBe(true);
      expect(verifyQuote12(quoted, { key, externalData: nonce, pcrs, values }).compositeHash).toEqual(
        compositeHash12(pcrs, values),
      );
    }
    expect(decodeQuoteInfo12(second.info)).toMatchObject({ kind: 'quote2', pcrs });
    expect(versioned.info.length).toBeGreaterThan(second.info.length);

    const otherNonce = { key, externalData: new Uint8Array(20), pcrs, values };
    expect(() => verifyQuote12(first, otherNonce)).toThrow('another question');
    const otherValues = { key, externalData: nonce, pcrs, values: [nonce, ...values.slice(1)] };
    expect(() => verifyQuote12(second, otherValues)).toThrow('other registers or values');
    const altered = Uint8Array.from(second.info);
    altered[30] = (altered[30] as number) ^ 1;
    expect(() => verifyQuote12({ ...second, info: altered }, { ...otherNonce, externalData: nonce })).toThrow(
      'not by this key',
    );
    expect(await isSigned(altered, second.signature, modulus)).toBe(false);
    await client.flushKey(handle);
    await expect(client.quote(handle, wellKnownAuth, nonce, pcrs)).rejects.toMatchObject({
      code: expect.stringMatching(/^TPM_/) as string,
    });
  });

  test('refuses wrong secrets, foreign keys and a certificate without presence', async () => {
    await expect(client.loadKey(made.wrappedAk as Uint8Array, nonce)).rejects.toMatchObject({ code: 'TPM_AUTHFAIL' });
    const foreign = Uint8Array.from(made.wrappedAk as Uint8Array);
    foreign[foreign.length - 5] = (foreign[foreign.length - 5] as number) ^ 1;
    await expect(client.loadKey(foreign, wellKnownAuth)).rejects.toMatchObject({
      code: expect.stringMatching(/^TPM_/) as string,
    });
    await expect(client.nvWrite(0x1000f000, nonce)).rejects.toMatchObject({ code: 'TPM_BAD_PRESENCE' });
    await expect(client.takeOwnership(nonce, nonce)).rejects.toMatchObject({
      code: expect.stringMatching(/^TPM_/) as string,
    });
    await expect(client.quote(1, wellKnownAuth, nonce, [24])).rejects.toThrow(RangeError);
  });
});
