import { fromBase64, toBase64 } from '../../base/index.js';
import {
  attributesOf,
  decodePublicArea,
  encodePublicArea,
  type KeyedHashPublicArea,
  parsePcrSelection,
  type PcrSelection,
  srkEccTemplate,
  type TpmClient,
  TpmError,
} from '../../tpm/index.js';
import { VtpmError } from '../errors.js';

/**
 * Firmware, its drivers, boot loader and secure boot policy (TCG PC Client Platform Firmware Profile, 3.3.4): what a change of
 * settings or an update of our own software leaves alone.
 */
export const defaultSealPcrs = 'sha256:0,2,4,7';

/** Storage root key where the platform has one (TCG TPM v2.0 Provisioning Guidance, 7.8). */
const persistentSrk = 0x81000001;

/** A key that one TPM gives back, and only while its PCRs are what they were. */
export interface SealedKey {
  readonly pcrs: string;
  /** Handle of the parent; 0: the storage key that the template makes. */
  readonly parent: number;
  readonly publicArea: KeyedHashPublicArea;
  readonly privateBlob: Uint8Array;
}

async function policyOf(client: TpmClient, selection: PcrSelection): Promise<Uint8Array> {
  const trial = await client.startSession('trial');
  try {
    await client.policyPcr(trial, selection);
    return await client.policyGetDigest(trial);
  } finally {
    await client.flushContext(trial.handle);
  }
}

async function withParent<T>(client: TpmClient, parent: number, work: (handle: number) => Promise<T>): Promise<T> {
  if (parent !== 0) return work(parent);
  const { handle } = await client.createPrimary('owner', srkEccTemplate);
  try {
    return await work(handle);
  } finally {
    await client.flushContext(handle);
  }
}

/** @throws TpmError, TpmTransportError */
export async function sealKey(client: TpmClient, key: Uint8Array, pcrs: string): Promise<SealedKey> {
  const present = await client.handles(persistentSrk);
  const parent = present.includes(persistentSrk) ? persistentSrk : 0;
  const template: KeyedHashPublicArea = {
    kind: 'keyedhash',
    nameAlgorithm: 'sha256',
    // Neither userWithAuth nor adminWithPolicy: the policy is the only way to the key.
    attributes: attributesOf('fixedTpm', 'fixedParent', 'noDa'),
    authPolicy: await policyOf(client, parsePcrSelection(pcrs)),
    hmac: null,
    unique: new Uint8Array(0),
  };
  return withParent(client, parent, async (handle) => {
    const { publicArea, privateBlob } = await client.create(handle, template, { data: key });
    return { pcrs, parent, publicArea: publicArea as KeyedHashPublicArea, privateBlob };
  });
}

function unavailable(why: string, cause: unknown): VtpmError {
  return new VtpmError(
    'vtpm_key_unavailable',
    `the key of the virtual TPMs is sealed to the TPM of this host: ${why}`,
    {
      cause,
    },
  );
}

/** @throws VtpmError `vtpm_key_unavailable`: another TPM, or its PCRs have changed @throws TpmTransportError */
export function unsealKey(client: TpmClient, { pcrs, parent, ...sealed }: SealedKey): Promise<Uint8Array> {
  return withParent(client, parent, async (handle) => {
    const loaded = await client.load(handle, sealed).catch((cause: unknown) => {
      if (cause instanceof TpmError) throw unavailable('that TPM was cleared, or this is another one', cause);
      throw cause;
    });
    try {
      const session = await client.startSession('policy');
      try {
        await client.policyPcr(session, parsePcrSelection(pcrs));
        return await client.unseal(loaded.handle, { session });
      } catch (cause) {
        if (cause instanceof TpmError && cause.code === 'TPM_RC_POLICY_FAIL') {
          throw unavailable(`its PCRs ${pcrs} have changed since then`, cause);
        }
        throw cause;
      } finally {
        // The session ends with its first use; it is still there only if the TPM refused.
        await client.flushContext(session.handle).catch(() => undefined);
      }
    } finally {
      await client.flushContext(loaded.handle);
    }
  });
}

/** For a file: none of it is secret. */
export function encodeSealedKey(sealed: SealedKey, counter: number): string {
  const { pcrs, parent, publicArea, privateBlob } = sealed;
  const fields = {
    format: 1,
    pcrs,
    parent,
    public: toBase64(encodePublicArea(publicArea)),
    private: toBase64(privateBlob),
    counter,
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/** @throws VtpmError `vtpm_state_invalid` */
export function decodeSealedKey(text: string, where: string): { readonly sealed: SealedKey; readonly counter: number } {
  try {
    const fields = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { pcrs, parent, counter } = fields;
    const publicArea = decodePublicArea(fromBase64(String(fields['public'])));
    if (
      fields['format'] === 1 &&
      typeof pcrs === 'string' &&
      typeof parent === 'number' &&
      typeof counter === 'number' &&
      publicArea.kind === 'keyedhash'
    ) {
      parsePcrSelection(pcrs);
      const privateBlob = fromBase64(String(fields['private']));
      return { sealed: { pcrs, parent, publicArea, privateBlob }, counter };
    }
  } catch (cause) {
    throw new VtpmError('vtpm_state_invalid', `${where} holds no sealed key`, { cause });
  }
  throw new VtpmError('vtpm_state_invalid', `${where} holds no sealed key of a form that this version knows`);
}
