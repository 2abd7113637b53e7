import { concatBytes, hash, silentLog, systemRandomness } from '../../src/base/index.js';
import {
  activateCredential,
  akEccTemplate,
  akRsaTemplate,
  attributesOf,
  createTpmClient,
  decodeQuote,
  ekEccTemplate,
  ekRsaTemplate,
  type KeyedHashPublicArea,
  makeCredential,
  nvAttributes,
  nvNameOf,
  parsePcrSelection,
  pcrDigest,
  srkEccTemplate,
  type TpmClient,
  tpmCommands,
  verifyQuoteSignature,
} from '../../src/tpm/index.js';
import { createSoftwareTpm, swtpmAvailable } from '../../src/vtpm/index.js';
import { createSwtpmDriver } from '../../src/vtpm/swtpm/index.js';
import { errorLike } from '../support/errors.js';
import { memoryVault } from '../support/vaults.js';

const backends = (await swtpmAvailable()) ? (['software', 'swtpm'] as const) : (['software'] as const);
const { ownerRead, ownerWrite, authRead, authWrite } = nvAttributes;
const open = ownerRead | ownerWrite | authRead | authWrite;
const sealed: KeyedHashPublicArea = {
  kind: 'keyedhash',
  nameAlgorithm: 'sha256',
  attributes: attributesOf('fixedTpm', 'fixedParent', 'userWithAuth', 'noDa'),
  authPolicy: new Uint8Array(0),
  hmac: null,
  unique: new Uint8Array(0),
};
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

describe.each(backends)('commands on %s', (backend) => {
  let client: TpmClient;
  let finish: () => Promise<void>;

  beforeEach(async () => {
    if (backend === 'software') {
      client = createTpmClient(createSoftwareTpm());
      finish = () => client.close();
    } else {
      const driver = createSwtpmDriver({ vault: memoryVault(), randomness: systemRandomness, log: silentLog });
      await driver.manufacture('tpm', () => Promise.resolve());
      let ready: (ready: TpmClient) => void = () => undefined;
      const starting = new Promise<TpmClient>((resolve) => {
        ready = resolve;
      });
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const running = driver.manufacture('tpm', async (transport) => {
        ready(createTpmClient(transport));
        await held;
      });
      client = await starting;
      finish = async () => {
        release();
        await running;
      };
    }
    await client.startup('clear');
  });

  afterEach(() => finish());

  test('identity, randomness, clock and self test', async () => {
    await client.selfTest(true);
    expect(await client.getRandom(100)).toHaveLength(100);
    const { values, manufacturer } = await client.properties();
    expect(manufacturer).toMatch(/^[A-Z]{3,4}$/);
    expect(values.get(0x112)).toBe(24);
    expect(await client.algorithms()).toEqual(expect.arrayContaining(['rsa', 'ecc', 'sha256', 'ecdsa']));
    expect(await client.curves()).toEqual(expect.arrayContaining(['nist-p256', 'nist-p384']));
    expect(await client.commands()).toContain(tpmCommands.quote.code);
    expect((await client.pcrBanks()).map(({ bank }) => bank)).toEqual(
      expect.arrayContaining(['sha1', 'sha256', 'sha384']),
    );
    expect((await client.readClock()).resetCount).toBeGreaterThan(0);
  });

  test('PCR event hashes in every bank; 16 and 23 can be reset, others cannot', async () => {
    const digests = await client.pcrEvent(16, text('abc'));
    expect(digests.find(({ algorithm }) => algorithm === 'sha256')!.digest).toEqual(
      new Uint8Array(hash('sha256', text('abc'))),
    );
    const [value] = (await client.pcrRead(parsePcrSelection('sha256:16'))).values;
    expect(value!.digest).toEqual(
      new Uint8Array(hash('sha256', concatBytes(new Uint8Array(32), hash('sha256', text('abc'))))),
    );
    await client.pcrReset(16);
    expect((await client.pcrRead(parsePcrSelection('sha256:16'))).values[0]!.digest).toEqual(new Uint8Array(32));
    await expect(client.pcrReset(10)).rejects.toMatchObject({ code: 'TPM_RC_LOCALITY' });
  });

  test.each([
    ['ECC', ekEccTemplate, akEccTemplate],
    ['RSA', ekRsaTemplate, akRsaTemplate()],
  ] as const)(
    '%s keys: quote, certify, activate a credential once and only for the right key',
    async (_, ekTemplate, akTemplate) => {
      const ek = await client.createPrimary('endorsement', ekTemplate);
      const ak = await client.createPrimary('endorsement', akTemplate);
      await client.pcrExtend(3, [{ algorithm: 'sha256', digest: new Uint8Array(32).fill(9) }]);
      const selection = parsePcrSelection('sha256:0-23');
      const quoted = await client.quote(ak.handle, text('nonce'), selection);
      verifyQuoteSignature(quoted.bytes, quoted.signature, ak.publicArea);
      const quote = decodeQuote(quoted.bytes);
      const { values } = await client.pcrRead(selection);
      expect(quote.extraData).toEqual(text('nonce'));
      expect(quote.attested.selection).toEqual(selection);
      expect(quote.attested.pcrDigest).toEqual(
        new Uint8Array(
          pcrDigest(
            'sha256',
            values.map(({ digest }) => digest),
          ),
        ),
      );
      const { resetCount } = await client.readClock();
      expect(quote.clockInfo.resetCount).toBe(resetCount);
      const altered = Uint8Array.from(quoted.bytes);
      altered[50]! ^= 1;
      expect(() => verifyQuoteSignature(altered, quoted.signature, ak.publicArea)).toThrow(
        errorLike({ code: 'signature_invalid' }),
      );

      const certified = await client.certify(ak.handle, ak.handle, text('x'));
      verifyQuoteSignature(certified.bytes, certified.signature, ak.publicArea);
      expect(certified.attest.attested).toMatchObject({ kind: 'certify', name: ak.name });

      const secret = systemRandomness.bytes(32);
      const keys = { ekHandle: ek.handle, akHandle: ak.handle };
      expect(
        await activateCredential(client, keys, makeCredential(ek.publicArea, ak.name, secret, systemRandomness)),
      ).toEqual(secret);
      expect(await activateCredential(client, keys, await client.makeCredential(ek.handle, secret, ak.name))).toEqual(
        secret,
      );
      const foreign = makeCredential(ek.publicArea, ek.name, secret, systemRandomness);
      await expect(activateCredential(client, keys, foreign)).rejects.toMatchObject({ code: 'TPM_RC_INTEGRITY' });
    },
  );

  test('objects: create, load, unseal by password and by a policy over PCRs, persist', async () => {
    const parent = await client.createPrimary('owner', srkEccTemplate);
    const userAuth = text('password');
    const object = await client.load(
      parent.handle,
      await client.create(parent.handle, sealed, { userAuth, data: text('secret') }),
    );
    expect(await client.unseal(object.handle, userAuth)).toEqual(text('secret'));
    const hmacSession = await client.startSession('hmac');
    expect(await client.unseal(object.handle, { session: hmacSession, authValue: userAuth })).toEqual(text('secret'));
    expect(await client.unseal(object.handle, { session: hmacSession, authValue: userAuth })).toEqual(text('secret'));
    await expect(client.unseal(object.handle, text('other'))).rejects.toMatchObject({ code: 'TPM_RC_BAD_AUTH' });
    await client.flushContext(hmacSession.handle);
    await client.flushContext(object.handle);

    const selection = parsePcrSelection('sha256:7');
    const trial = await client.startSession('trial');
    await client.policyPcr(trial, selection);
    const authPolicy = await client.policyGetDigest(trial);
    await client.flushContext(trial.handle);
    const template = { ...sealed, attributes: attributesOf('fixedTpm', 'fixedParent', 'noDa'), authPolicy };
    const bound = await client.load(
      parent.handle,
      await client.create(parent.handle, template, { data: text('bound') }),
    );
    const session = await client.startSession('policy');
    await client.policyPcr(session, selection);
    expect(await client.unseal(bound.handle, { session })).toEqual(text('bound'));
    await client.policyPcr(session, selection);
    await client.pcrExtend(7, [{ algorithm: 'sha256', digest: new Uint8Array(32) }]);
    await expect(client.unseal(bound.handle, { session })).rejects.toMatchObject({ code: 'TPM_RC_PCR_CHANGED' });
    await client.policyRestart(session);
    await client.policyPcr(session, selection);
    await expect(client.unseal(bound.handle, { session })).rejects.toMatchObject({ code: 'TPM_RC_POLICY_FAIL' });

    await client.evictControl('owner', parent.handle, 0x81000001);
    expect(await client.handles(0x81000000)).toEqual([0x81000001]);
    expect((await client.readPublic(0x81000001)).name).toEqual(parent.name);
    await client.evictControl('owner', 0x81000001, 0x81000001);
    await expect(client.readPublic(0x81000001)).rejects.toMatchObject({ code: 'TPM_RC_HANDLE' });
  });

  test('NV: ordinary and counting indices, certified contents', async () => {
    const index = 0x01500010;
    const data = systemRandomness.bytes(1500);
    await client.nvDefine({ index, size: data.length, attributes: open });
    await client.nvWrite(index, data);
    expect(await client.nvRead(index)).toEqual(data);
    expect(await client.nvRead(index, { offset: 10, size: 5 })).toEqual(data.slice(10, 15));
    const { publicArea, name } = await client.nvReadPublic(index);
    expect(nvNameOf(publicArea)).toEqual(name);
    await expect(client.nvDefine({ index, size: 8, attributes: open })).rejects.toMatchObject({
      code: 'TPM_RC_NV_DEFINED',
    });
    await expect(client.nvRead(index, { offset: 1499, size: 2 })).rejects.toMatchObject({ code: 'TPM_RC_NV_RANGE' });
    const ak = await client.createPrimary('endorsement', akEccTemplate);
    const certified = await client.nvCertify(index, ak.handle, text('n'), { offset: 0, size: 16 });
    verifyQuoteSignature(certified.bytes, certified.signature, ak.publicArea);
    expect(certified.attest.attested).toMatchObject({ kind: 'nv', indexName: name, contents: data.slice(0, 16) });
    await client.nvUndefine(index);

    const counter = 0x01500011;
    await client.nvDefine({ index: counter, size: 8, attributes: open, type: 'counter' });
    await client.nvIncrement(counter);
    const first = Buffer.from(await client.nvRead(counter)).readBigUInt64BE();
    await client.nvIncrement(counter);
    expect(Buffer.from(await client.nvRead(counter)).readBigUInt64BE()).toBe(first + 1n);
    await client.nvUndefine(counter);
    await client.nvDefine({ index: counter, size: 8, attributes: open, type: 'counter' });
    await client.nvIncrement(counter);
    expect(Buffer.from(await client.nvRead(counter)).readBigUInt64BE()).toBeGreaterThan(first);
  });

  test('hierarchies: authorizations, Clear, and another identity by ChangeEPS', async () => {
    const owner = 0x40000001;
    await client.hierarchyChangeAuth(owner, text('owner'));
    await expect(client.createPrimary('owner', srkEccTemplate)).rejects.toMatchObject({ code: 'TPM_RC_BAD_AUTH' });
    const session = await client.startSession('hmac');
    await client.hierarchyChangeAuth(owner, text('next'), { session, authValue: text('owner') });
    const before = await client.createPrimary('owner', srkEccTemplate, { auth: { session, authValue: text('next') } });
    const ek = await client.createPrimary('endorsement', ekEccTemplate);
    await client.flushContext(before.handle);
    await client.flushContext(ek.handle);
    await client.dictionaryAttackParameters({ maxTries: 5, recoveryTime: 10, lockoutRecovery: 10 });
    await client.dictionaryAttackLockReset();
    await client.clear();
    expect((await client.createPrimary('owner', srkEccTemplate)).name).not.toEqual(before.name);
    const same = await client.createPrimary('endorsement', ekEccTemplate);
    expect(same.name).toEqual(ek.name);
    await client.flushContext(same.handle);
    await client.changeEps();
    expect((await client.createPrimary('endorsement', ekEccTemplate)).name).not.toEqual(ek.name);
  });
});
