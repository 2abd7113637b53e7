import { fromHex } from '../../src/base/index.js';
import {
  activateCredential,
  akEccTemplate,
  createTpmClient,
  ekEccTemplate,
  makeCredential,
  openDeviceTransport,
  parsePcrSelection,
  pcrDigest,
  type TpmTransport,
  verifyQuoteSignature,
} from '../../src/tpm/index.js';
import { systemRandomness } from '../../src/base/index.js';
import { errorLike } from '../support/errors.js';

/** Answers from a list, and remembers what was asked. */
function scripted(...answers: readonly string[]): TpmTransport & { readonly asked: Uint8Array[] } {
  const asked: Uint8Array[] = [];
  return {
    asked,
    transmit(command) {
      asked.push(command);
      return Promise.resolve(fromHex(answers[asked.length - 1] ?? ''));
    },
    close: () => Promise.resolve(),
  };
}

const reading = (counter: string, bits: string, ...digests: readonly string[]): string => {
  const body = `${counter}00000001000b03${bits}${digests.length.toString(16).padStart(8, '0')}${digests.map((digest) => `0020${digest}`).join('')}`;
  return `8001${(10 + body.length / 2).toString(16).padStart(8, '0')}00000000${body}`;
};

test('sends a command again while the TPM says retry or testing', async () => {
  const transport = scripted('80010000000a00000922', '80010000000a0000090a', '80010000000a00000000');
  await createTpmClient(transport).startup('clear');
  expect(transport.asked).toHaveLength(3);
  expect(transport.asked[2]).toEqual(fromHex('80010000000c000001440000'));
});

test('reads PCRs in steps and starts again when one changed in between', async () => {
  const [a, b, c] = ['aa', 'bb', 'cc'].map((octet) => octet.repeat(32)) as [string, string, string];
  const transport = scripted(
    reading('00000001', '010000', a),
    reading('00000002', '020000', b),
    reading('00000002', '010000', c),
    reading('00000002', '020000', b),
  );
  const { updateCounter, values } = await createTpmClient(transport).pcrRead(parsePcrSelection('sha256:0-1'));
  expect(updateCounter).toBe(2);
  expect(values.map(({ digest }) => Buffer.from(digest).toString('hex'))).toEqual([c, b]);
});

test('gives up on PCRs that never stand still', async () => {
  let counter = 0;
  const transport: TpmTransport = {
    transmit: () =>
      Promise.resolve(fromHex(reading((++counter).toString(16).padStart(8, '0'), '010000', '00'.repeat(32)))),
    close: () => Promise.resolve(),
  };
  await expect(createTpmClient(transport).pcrRead(parsePcrSelection('sha256:0-1'))).rejects.toMatchObject({
    code: 'tpm_pcrs_changing',
  });
});

test.each([
  ['too short', '8001000000'],
  ['of another length than it says', '80010000000b00000000'],
  ['cut in its authorization area', '80020000000f000000000000ffff00'],
])('a response that is %s is a protocol error', async (_, response) => {
  await expect(createTpmClient(scripted(response)).pcrExtend(0, [])).rejects.toMatchObject({ code: 'tpm_protocol' });
});

test('a device that is not there is unavailable, not broken', async () => {
  await expect(openDeviceTransport('/dev/no-such-tpm')).rejects.toMatchObject({ code: 'tpm_unavailable' });
});

test('a digest of PCRs is over their values in order', () => {
  const one = new Uint8Array(32).fill(1);
  const two = new Uint8Array(32).fill(2);
  expect(pcrDigest('sha256', [one, two])).not.toEqual(pcrDigest('sha256', [two, one]));
});

test('a credential needs a storage key and a secret that fits', () => {
  const name = new Uint8Array(34);
  const secret = new Uint8Array(32);
  expect(() => makeCredential(akEccTemplate, name, secret, systemRandomness)).toThrow(
    errorLike({ code: 'key_unsupported' }),
  );
  expect(() => makeCredential(ekEccTemplate, name, new Uint8Array(33), systemRandomness)).toThrow(
    errorLike({ code: 'credential_invalid' }),
  );
  expect(() => makeCredential(ekEccTemplate, name, secret, systemRandomness)).toThrow(
    errorLike({ code: 'key_unsupported' }),
  );
});

test('signatures with SHA-1 or another scheme than the key has are refused before they are looked at', () => {
  const rs = { r: new Uint8Array(32), s: new Uint8Array(32) };
  const refused = errorLike({ code: 'signature_scheme' });
  expect(() => verifyQuoteSignature(new Uint8Array(1), { kind: 'ecdsa', hash: 'sha1', ...rs }, akEccTemplate)).toThrow(
    refused,
  );
  expect(() =>
    verifyQuoteSignature(new Uint8Array(1), { kind: 'ecdsa', hash: 'sha384', ...rs }, akEccTemplate),
  ).toThrow(refused);
  expect(() =>
    verifyQuoteSignature(
      new Uint8Array(1),
      { kind: 'rsassa', hash: 'sha256', signature: new Uint8Array(256) },
      akEccTemplate,
    ),
  ).toThrow(refused);
});

test('activation flushes its session also when the TPM refuses', async () => {
  const flushed: number[] = [];
  const client = {
    startSession: () =>
      Promise.resolve({
        handle: 0x03000000,
        kind: 'policy' as const,
        hash: 'sha256' as const,
        nonceCaller: new Uint8Array(16),
        nonceTpm: new Uint8Array(16),
        policyPassword: false,
        policyAuthValue: false,
      }),
    policySecret: () => Promise.resolve(),
    activateCredential: () => Promise.reject(new Error('refused')),
    flushContext: (handle: number) => Promise.resolve(void flushed.push(handle)),
  };
  const blob = { credentialBlob: new Uint8Array(0), secret: new Uint8Array(0) };
  await expect(activateCredential(client, { ekHandle: 1, akHandle: 2 }, blob)).rejects.toThrow('refused');
  expect(flushed).toEqual([0x03000000]);
});

test('a response that has lost the session which proves it is refused', async () => {
  const session = `80010000002000000000020000000010${'5a'.repeat(16)}`;
  const bare = '80010000000a00000000';
  const client = createTpmClient(scripted(session, bare));
  const hmac = await client.startSession('hmac');
  const cleared = client.clear({ session: hmac }, 'platform');
  await expect(cleared).rejects.toMatchObject({ code: 'tpm_protocol' });
});

test('a register that no TPM has is an error of the caller, not a selection of none', async () => {
  const transport = scripted();
  const asked = createTpmClient(transport).pcrRead([{ bank: 'sha256', indexes: [24] }]);
  await expect(asked).rejects.toThrow('expected a register from 0 to 23, got 24');
  expect(transport.asked).toHaveLength(0);
});
