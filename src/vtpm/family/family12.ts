import { ByteWriter } from '../../base/index.js';
import {
  akRsaTemplate,
  createTpm12Client,
  ekRsaTemplate,
  nameOf,
  nvIndices12,
  type PublicArea,
  type Tpm12Client,
  wellKnownAuth,
  type WrappedKey12,
} from '../../tpm/index.js';
import { VtpmError } from '../errors.js';
import type { FamilyRules, ProvisionedTpm, TpmInHand } from './family.js';

/** Room for a certificate that is issued again: NV of a TPM 1.2 is defined once. */
const certificateRoom = 1536;
/** TCG_PCCLIENT_STORED_CERT around TCG_FULL_CERT (TCG PC Client Implementation for TPM 1.2, 7.4). */
const certificateHead = 7;

/** Public keys of a TPM 1.2 as TPM 2.0 writes them, so that records and certificates have one form. */
function keysOf(ekModulus: Uint8Array, akModulus: Uint8Array): ProvisionedTpm['keys'] {
  const ekPublic: PublicArea = { ...ekRsaTemplate, unique: ekModulus };
  const akPublic: PublicArea = { ...akRsaTemplate('sha1'), unique: akModulus };
  // It has no handles that stay: the key is loaded for each quote.
  return { ekPublic, ekName: nameOf(ekPublic), ekHandle: 0, akPublic, akName: nameOf(akPublic), akHandle: 0 };
}

async function start(client: Tpm12Client): Promise<void> {
  await client.startup();
  await client.continueSelfTest();
}

/** Firmware proves presence by command before a guest runs. */
async function withPresence<T>(client: Tpm12Client, work: () => Promise<T>): Promise<T> {
  await client.physicalPresence('commandEnable');
  await client.physicalPresence('present');
  try {
    return await work();
  } finally {
    await client.physicalPresence('notPresent');
  }
}

/** Enabled and active from the next start on, which is now. */
async function activate(client: Tpm12Client, tpm: TpmInHand): Promise<void> {
  await withPresence(client, () => client.activate());
  await tpm.powerCycle();
  await start(client);
}

/** Owned by the authorization that everybody knows: a guest may change it, or use it as it is. */
async function own(client: Tpm12Client): Promise<WrappedKey12> {
  await client.takeOwnership(wellKnownAuth, wellKnownAuth);
  return client.makeIdentity(wellKnownAuth, wellKnownAuth, wellKnownAuth);
}

function storedCertificate(certificate: Uint8Array): Uint8Array {
  if (certificate.length + certificateHead > certificateRoom)
    throw new VtpmError('vtpm_failed', `a certificate of ${certificate.length} octets does not fit into the TPM`);
  const writer = new ByteWriter(certificateRoom)
    .u16(0x1001)
    .u8(0)
    .u16(certificate.length + 2)
    .u16(0x1002)
    .bytes(certificate);
  return writer.bytes(new Uint8Array(certificateRoom - writer.length)).finish();
}

/** TPM 1.2: SHA-1 and RSA only; the attestation identity key is kept by the host, wrapped. */
export const family12: FamilyRules = {
  async provision(tpm, _kind, certify) {
    const client = createTpm12Client(tpm.transport);
    await start(client);
    await activate(client, tpm);
    const ekModulus = await client.createEndorsementKey();
    const { ekPublic } = keysOf(ekModulus, new Uint8Array(0));
    await withPresence(client, async () => {
      await client.nvDefine(nvIndices12.ekCertificate, certificateRoom);
      await client.nvWrite(nvIndices12.ekCertificate, storedCertificate(certify(ekPublic)));
      await client.nvLock();
    });
    const identity = await own(client);
    return { keys: keysOf(ekModulus, identity.modulus), wrappedAk: identity.key };
  },
  startup: (transport) => start(createTpm12Client(transport)),
  shutdown: () => Promise.resolve(),
  async clear(tpm, ekPublic) {
    const client = createTpm12Client(tpm.transport);
    await withPresence(client, () => client.forceClear());
    await activate(client, tpm);
    const identity = await own(client);
    const ekModulus = ekPublic.kind === 'rsa' ? ekPublic.unique : new Uint8Array(0);
    return { keys: keysOf(ekModulus, identity.modulus), wrappedAk: identity.key };
  },
  async extend(transport, events) {
    const client = createTpm12Client(transport);
    let extended = 0;
    for (const { pcr, digests } of events) {
      const digest = digests.find(({ algorithm }) => algorithm === 'sha1')?.digest;
      if (digest === undefined)
        throw new VtpmError('vtpm_failed', `an event for register ${pcr} has no SHA-1 digest, and a TPM 1.2 no other`);
      await client.pcrExtend(pcr, digest);
      extended++;
    }
    return extended;
  },
  writeCertificate(transport, _ekPublic, certificate) {
    const client = createTpm12Client(transport);
    return withPresence(client, () => client.nvWrite(nvIndices12.ekCertificate, storedCertificate(certificate)));
  },
};

/** The certificate that {@link family12} left in NV, DER. */
export async function readCertificate12(client: Tpm12Client): Promise<Uint8Array> {
  const stored = await client.nvRead(nvIndices12.ekCertificate, certificateRoom);
  const length = (((stored[3] as number) << 8) | (stored[4] as number)) - 2;
  return stored.slice(certificateHead, certificateHead + length);
}
