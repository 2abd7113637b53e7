import { createHash } from 'node:crypto';
import { createSeededRandomness, ManualClock } from '../../../src/base/index.js';
import {
  akEccTemplate,
  akRsaTemplate,
  createTpmClient,
  decodeQuote,
  ekEccTemplate,
  ekRsaTemplate,
  makeCredential,
  nameOf,
  parsePcrSelection,
  pcrDigest,
  type TpmClient,
  verifyQuoteSignature,
} from '../../../src/tpm/index.js';
import { createSoftwareTpm } from '../../../src/vtpm/software/index.js';

const randomness = createSeededRandomness('software');

async function started(): Promise<TpmClient> {
  const client = createTpmClient(createSoftwareTpm({ randomness, clock: new ManualClock(1000) }), randomness);
  await client.startup('clear');
  return client;
}

test('extends a PCR as hash of old value and digest in each bank', async () => {
  const client = await started();
  const digest = createHash('sha256').update('x').digest();
  await client.pcrExtend(10, [{ algorithm: 'sha256', digest }]);
  const { values } = await client.pcrRead(parsePcrSelection('sha256:0-23'));
  expect(values).toHaveLength(24);
  const expected = createHash('sha256')
    .update(Buffer.concat([Buffer.alloc(32), digest]))
    .digest('hex');
  expect(Buffer.from(values[10]!.digest).toString('hex')).toBe(expected);
});

test.each([
  ['ECC', ekEccTemplate, akEccTemplate],
  ['RSA', ekRsaTemplate, akRsaTemplate()],
] as const)('quotes and activates a credential with %s keys', async (_, ekTemplate, akTemplate) => {
  const client = await started();
  const ek = await client.createPrimary('endorsement', ekTemplate);
  const again = await client.createPrimary('endorsement', ekTemplate);
  expect(again.name).toEqual(ek.name);
  await client.flushContext(again.handle);
  const session = await client.startSession('policy');
  await client.policySecret(session, 0x4000000b);
  const created = await client.create(ek.handle, akTemplate, { auth: { session } });
  await client.policySecret(session, 0x4000000b);
  const ak = await client.load(ek.handle, created, { session });
  expect(nameOf(ak.publicArea)).toEqual(ak.name);

  const selection = parsePcrSelection('sha256:0-10');
  const quoted = await client.quote(ak.handle, new Uint8Array([1, 2, 3]), selection);
  verifyQuoteSignature(quoted.bytes, quoted.signature, ak.publicArea);
  const quote = decodeQuote(quoted.bytes);
  const { values } = await client.pcrRead(selection);
  expect(quote.attested.pcrDigest).toEqual(
    pcrDigest(
      'sha256',
      values.map(({ digest }) => digest),
    ),
  );

  const secret = randomness.bytes(32);
  const blob = makeCredential(ek.publicArea, ak.name, secret, randomness);
  await client.policySecret(session, 0x4000000b);
  expect(await client.activateCredential(ak.handle, ek.handle, blob, { key: { session } })).toEqual(secret);
});
