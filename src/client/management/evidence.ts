import { fromBase64, fromHex, toBase64, TvdcError } from '../../base/index.js';
import type { AssertedEvidence, Evidence, IdentityEvidence } from '../../attestation/index.js';
import { type CimInstancePath, type CimValue, createInstancePath, stringKey } from '../../cim/index.js';
import type { WbemClient } from '../wbem/index.js';
import { completed } from './refusal.js';
import type { ListedVm } from './systems.js';

function octets(out: Readonly<Record<string, CimValue>>, name: string): Uint8Array {
  const value = out[name];
  if (typeof value !== 'string') return new Uint8Array(0);
  return fromBase64(value);
}

function octetList(out: Readonly<Record<string, CimValue>>, name: string): readonly Uint8Array[] {
  const value = out[name];
  return Array.isArray(value) ? value.map((item) => fromBase64(String(item))) : [];
}

/** What a TPM gave in one answer. */
export interface FetchedEvidence {
  readonly evidence: Evidence;
  readonly nextIndex: number;
  readonly resetCount: number;
}

/** The evidence methods of one TVDC_TPM, over CIM. */
export class RemoteTpm {
  readonly #client: WbemClient;
  readonly path: CimInstancePath;
  readonly #namespace: string;

  constructor(client: WbemClient, path: CimInstancePath, namespace: string) {
    this.#client = client;
    this.path = path;
    this.#namespace = namespace;
  }

  async #invoke(method: string, parameters: Readonly<Record<string, CimValue>>, signal?: AbortSignal) {
    const options = { namespace: this.#namespace, ...(signal === undefined ? {} : { signal }) };
    return completed(method, await this.#client.invoke(this.path, method, parameters, options));
  }

  async identity(signal?: AbortSignal): Promise<IdentityEvidence> {
    const out = await this.#invoke('GetIdentity', {}, signal);
    return {
      ekCertificateChain: octetList(out, 'EKCertificateChain'),
      ekPublic: octets(out, 'EKPublic'),
      akPublic: octets(out, 'AKPublic'),
    };
  }

  /** @returns the secret that only the TPM with both keys can give */
  async activate(credentialBlob: Uint8Array, secret: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    const parameters = { CredentialBlob: toBase64(credentialBlob), Secret: toBase64(secret) };
    const out = await this.#invoke('ActivateCredential', parameters, signal);
    const info = octets(out, 'CertInfo');
    if (info.length === 0) throw new TvdcError('bad_answer', 'ActivateCredential returned no CertInfo');
    return info;
  }

  async evidence(
    nonce: Uint8Array,
    selection: string,
    logStart: number,
    signal?: AbortSignal,
  ): Promise<FetchedEvidence> {
    const out = await this.#invoke(
      'GetEvidence',
      { Nonce: toBase64(nonce), PCRSelection: selection, LogStart: BigInt(logStart), MaxEntries: 0 },
      signal,
    );
    const isolationLog = octets(out, 'IsolationLog');
    const eventLog = octets(out, 'EventLog');
    return {
      evidence: {
        quote: { attest: octets(out, 'Quoted'), signature: octets(out, 'Signature') },
        measurements: { format: 'binary', start: logStart, data: octets(out, 'Measurements') },
        ...(eventLog.length === 0 ? {} : { eventLog }),
        ...(isolationLog.length === 0 ? {} : { isolationLog }),
      },
      nextIndex: Number(out['NextIndex'] ?? logStart),
      resetCount: Number(out['ResetCount'] ?? 0),
    };
  }
}

const assertedPcrs = Array.from({ length: 11 }, (_, index) => index);
const assertedBank = 'sha256';

/**
 * What a management VM says of one of its VMs, read from TVDC_PCR and TVDC_MeasurementLog: no TPM has signed it. The registers
 * are read before the log, so that the log is never the shorter one.
 * @throws TvdcError `not_found` for a VM without a measurement log @throws CimError
 */
export async function fetchAsserted(
  client: WbemClient,
  namespace: string,
  vm: ListedVm,
  tpm: RemoteTpm,
  signal?: AbortSignal,
): Promise<AssertedEvidence> {
  const options = { namespace, ...(signal === undefined ? {} : { signal }) };
  const id = stringKey(tpm.path, 'DeviceID') ?? '';
  const values = await Promise.all(
    assertedPcrs.map(async (index): Promise<readonly [number, Uint8Array]> => {
      const key = `TVDC:${id}:pcr:${assertedBank}:${index}`;
      const pcr = await client.getInstance(createInstancePath('TVDC_PCR', { InstanceID: key }, { namespace }), options);
      return [index, fromHex(pcr.getString('Value') ?? '')];
    }),
  );
  const log = await client
    .associatorPaths(vm.path, { ...options, assocClass: 'TVDC_UseOfLog', resultClass: 'TVDC_MeasurementLog' })
    .first();
  if (log === undefined) throw new TvdcError('not_found', `the host shows no measurements of ${vm.name}`);
  const parameters = { StartIndex: 0n, MaxEntries: 0 };
  const out = completed('GetMeasurements', await client.invoke(log, 'GetMeasurements', parameters, options));
  return {
    pcrValues: { [assertedBank]: Object.fromEntries(values) },
    measurements: { format: 'binary', start: 0, data: octets(out, 'Data') },
  };
}
