import { messageOf, toBase64, toHex } from '../../base/index.js';
import { CimError, type CimValue } from '../../cim/index.js';
import type { MethodFunction } from '../../cimom/index.js';
import {
  activateCredential,
  decodePublicArea,
  parsePcrSelection,
  type PcrSelection,
  publicKeyOf,
  type TpmClient,
} from '../../tpm/index.js';
import { ownMethod, requiredOctets } from '../kit/index.js';

/** A TPM that answers a verifier: the host's own or a virtual machine's. */
export interface EvidenceSource {
  readonly client: TpmClient;
  readonly ekCertificateChain: readonly Uint8Array[];
  /** TPMT_PUBLIC. */
  readonly ekPublic: Uint8Array;
  readonly akPublic: Uint8Array;
  readonly akName: Uint8Array;
  readonly ekHandle: number;
  readonly akHandle: number;
  readonly eventLog: Uint8Array;
  /** Event log of PCR 13; empty where there is none. */
  readonly isolationLog: Uint8Array;
  measurements(start: number, maxEntries: number): { readonly data: Uint8Array; readonly nextIndex: number };
}

function selectionOf(text: string): PcrSelection {
  try {
    return parsePcrSelection(text);
  } catch (error) {
    throw new CimError(4, messageOf(error), { cause: error });
  }
}

function text(parameters: Readonly<Record<string, CimValue>>, name: string, otherwise: string): string {
  const value = parameters[name];
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

async function quote(source: EvidenceSource, nonce: Uint8Array, selection: string) {
  const signed = await source.client.quote(source.akHandle, nonce, selectionOf(selection));
  return { Quoted: toBase64(signed.bytes), Signature: toBase64(signed.signatureBytes) };
}

/** The evidence methods of TVDC_TPM; `find` gives the TPM that a path names. */
export function evidenceMethods(
  find: (self: Parameters<MethodFunction>[1]) => EvidenceSource,
): Readonly<Record<string, MethodFunction>> {
  return {
    GetIdentity: (_context, self) =>
      ownMethod(async () => {
        const source = find(self);
        return {
          EKCertificateChain: source.ekCertificateChain.map(toBase64),
          EKPublic: toBase64(source.ekPublic),
          AKPublic: toBase64(source.akPublic),
        };
      }),
    ActivateCredential: (_context, self, parameters) =>
      ownMethod(async () => {
        const source = find(self);
        const credentialBlob = requiredOctets(parameters, 'CredentialBlob');
        const secret = requiredOctets(parameters, 'Secret');
        return { CertInfo: toBase64(await activateCredential(source.client, source, { credentialBlob, secret })) };
      }),
    Quote: (_context, self, parameters) =>
      ownMethod(async () => {
        const source = find(self);
        const signed = await quote(
          source,
          requiredOctets(parameters, 'Nonce'),
          text(parameters, 'Selection', 'sha256:0-10'),
        );
        const key = publicKeyOf(decodePublicArea(source.akPublic)).export({ type: 'spki', format: 'der' });
        return { ...signed, AKName: toHex(source.akName), AKPublic: toBase64(key) };
      }),
    GetEvidence: (_context, self, parameters) =>
      ownMethod(async () => {
        const source = find(self);
        const nonce = requiredOctets(parameters, 'Nonce');
        // The log is read after the quote: it may be longer than what the quote covers, never shorter.
        const signed = await quote(source, nonce, text(parameters, 'PCRSelection', 'sha256:0-10'));
        const start = Number(parameters['LogStart'] ?? 0n);
        const most = Number(parameters['MaxEntries'] ?? 0) || 100_000;
        const part = source.measurements(start, most);
        const clock = await source.client.readClock();
        return {
          ...signed,
          EventLog: toBase64(source.eventLog),
          IsolationLog: toBase64(source.isolationLog),
          Measurements: toBase64(part.data),
          NextIndex: BigInt(part.nextIndex),
          ResetCount: clock.resetCount,
          Certificates: source.ekCertificateChain.map(toBase64),
        };
      }),
  };
}
