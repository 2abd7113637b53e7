import type { HashAlgorithm } from '../../base/index.js';
import type { EccCurve, Hierarchy, NvType, TpmAlgorithm } from '../constants/index.js';
import type {
  Attest,
  NvPublic,
  PcrSelection,
  PublicArea,
  SigningScheme,
  TimeInfo,
  TpmSignature,
} from '../structures/index.js';
import type { TpmSession } from './session.js';

/** Authorization of one handle: the authorization value itself (a password session), or a session and the value it proves. */
export type TpmAuthorization = Uint8Array | { readonly session: TpmSession; readonly authValue?: Uint8Array };

export interface PcrValue {
  readonly bank: HashAlgorithm;
  readonly index: number;
  readonly digest: Uint8Array;
}

export interface PcrReading {
  /** Counts every change of a PCR; all values were read at this one count. */
  readonly updateCounter: number;
  /** In the order of the selection. */
  readonly values: readonly PcrValue[];
}

export interface TaggedDigest {
  readonly algorithm: HashAlgorithm;
  readonly digest: Uint8Array;
}

/** A key in the TPM. */
export interface LoadedKey {
  readonly handle: number;
  readonly name: Uint8Array;
  readonly publicArea: PublicArea;
}

export interface CreatedObject {
  readonly privateBlob: Uint8Array;
  readonly publicArea: PublicArea;
}

export interface CreateOptions {
  readonly auth?: TpmAuthorization;
  /** Authorization value of the new object. */
  readonly userAuth?: Uint8Array;
  /** Sealed data, or further input of a derivation. */
  readonly data?: Uint8Array;
}

export interface SignedAttest {
  /** The octets that are signed. */
  readonly bytes: Uint8Array;
  readonly attest: Attest;
  readonly signature: TpmSignature;
  /** The signature as TPMT_SIGNATURE. */
  readonly signatureBytes: Uint8Array;
}

export interface CredentialBlob {
  /** TPM2B_ID_OBJECT, without its own length. */
  readonly credentialBlob: Uint8Array;
  /** TPM2B_ENCRYPTED_SECRET, without its own length. */
  readonly secret: Uint8Array;
}

export interface NvDefinition {
  readonly index: number;
  readonly size: number;
  /** TPMA_NV without the type. */
  readonly attributes: number;
  readonly type?: NvType;
  readonly nameAlgorithm?: HashAlgorithm;
  readonly authPolicy?: Uint8Array;
  readonly indexAuth?: Uint8Array;
}

/** TPM identity strings and numbers from the fixed properties. */
export interface TpmProperties {
  readonly manufacturer: string;
  readonly vendor: string;
  readonly firmwareVersion: bigint;
  readonly specificationRevision: number;
  readonly values: ReadonlyMap<number, number>;
}

export interface DictionaryAttackParameters {
  readonly maxTries: number;
  /** Seconds. */
  readonly recoveryTime: number;
  /** Seconds. */
  readonly lockoutRecovery: number;
}

/** Start, identity and state of the TPM. */
export interface AdministrationCommands {
  startup(kind: 'clear' | 'state'): Promise<void>;
  shutdown(kind: 'clear' | 'state'): Promise<void>;
  selfTest(full: boolean): Promise<void>;
  /** `length` octets, in as many commands as the TPM needs. */
  getRandom(length: number): Promise<Uint8Array>;
  algorithms(): Promise<readonly TpmAlgorithm[]>;
  commands(): Promise<readonly number[]>;
  curves(): Promise<readonly EccCurve[]>;
  /** Handles in use from `first` on, of the type of `first`. */
  handles(first: number): Promise<readonly number[]>;
  /** Allocated PCRs. */
  pcrBanks(): Promise<PcrSelection>;
  properties(): Promise<TpmProperties>;
  readClock(): Promise<TimeInfo>;
  hierarchyChangeAuth(handle: number, newAuth: Uint8Array, auth?: TpmAuthorization): Promise<void>;
  /** New owner: owner and endorsement keys and authorizations are gone, the endorsement seed stays. */
  clear(auth?: TpmAuthorization, by?: 'lockout' | 'platform'): Promise<void>;
  /** New endorsement primary seed: another identity. Authorized by the platform. */
  changeEps(auth?: TpmAuthorization): Promise<void>;
  dictionaryAttackParameters(parameters: DictionaryAttackParameters, auth?: TpmAuthorization): Promise<void>;
  dictionaryAttackLockReset(auth?: TpmAuthorization): Promise<void>;
}

export interface PcrCommands {
  /** Reads in steps of eight and starts again if a PCR changed meanwhile. @throws TpmTransportError `tpm_pcrs_changing` */
  pcrRead(selection: PcrSelection): Promise<PcrReading>;
  pcrExtend(index: number, digests: readonly TaggedDigest[]): Promise<void>;
  /** Hashes at most 1 024 octets in the TPM and extends every bank; the digests that were extended. */
  pcrEvent(index: number, data: Uint8Array): Promise<readonly TaggedDigest[]>;
  pcrReset(index: number): Promise<void>;
}

export interface KeyCommands {
  createPrimary(hierarchy: Hierarchy, template: PublicArea, options?: CreateOptions): Promise<LoadedKey>;
  create(parent: number, template: PublicArea, options?: CreateOptions): Promise<CreatedObject>;
  load(parent: number, object: CreatedObject, auth?: TpmAuthorization): Promise<LoadedKey>;
  loadExternal(publicArea: PublicArea, hierarchy?: Hierarchy): Promise<LoadedKey>;
  readPublic(handle: number): Promise<LoadedKey & { readonly qualifiedName: Uint8Array }>;
  flushContext(handle: number): Promise<void>;
  /** Makes a transient key persistent, or removes a persistent one when both handles are equal. */
  evictControl(
    hierarchy: 'owner' | 'platform',
    object: number,
    persistent: number,
    auth?: TpmAuthorization,
  ): Promise<void>;
  unseal(object: number, auth?: TpmAuthorization): Promise<Uint8Array>;
  makeCredential(key: number, credential: Uint8Array, name: Uint8Array): Promise<CredentialBlob>;
  activateCredential(
    activate: number,
    key: number,
    blob: CredentialBlob,
    auths?: { readonly activate?: TpmAuthorization; readonly key?: TpmAuthorization },
  ): Promise<Uint8Array>;
  sign(key: number, digest: Uint8Array, scheme: SigningScheme | null, auth?: TpmAuthorization): Promise<TpmSignature>;
}

export interface AttestationCommands {
  quote(
    key: number,
    extraData: Uint8Array,
    selection: PcrSelection,
    options?: { readonly scheme?: SigningScheme; readonly auth?: TpmAuthorization },
  ): Promise<SignedAttest>;
  certify(
    object: number,
    key: number,
    extraData: Uint8Array,
    options?: {
      readonly scheme?: SigningScheme;
      readonly objectAuth?: TpmAuthorization;
      readonly auth?: TpmAuthorization;
    },
  ): Promise<SignedAttest>;
  nvCertify(
    index: number,
    key: number,
    extraData: Uint8Array,
    range: { readonly offset: number; readonly size: number },
    options?: {
      readonly scheme?: SigningScheme;
      readonly auth?: TpmAuthorization;
      readonly indexAuth?: TpmAuthorization;
      readonly authHandle?: number;
    },
  ): Promise<SignedAttest>;
}

export interface SessionCommands {
  startSession(kind: 'policy' | 'hmac' | 'trial', hash?: HashAlgorithm): Promise<TpmSession>;
  policySecret(session: TpmSession, authHandle: number, auth?: TpmAuthorization): Promise<void>;
  policyPcr(session: TpmSession, selection: PcrSelection, pcrDigest?: Uint8Array): Promise<void>;
  policyCommandCode(session: TpmSession, code: number): Promise<void>;
  policyAuthValue(session: TpmSession): Promise<void>;
  policyPassword(session: TpmSession): Promise<void>;
  policyOr(session: TpmSession, digests: readonly Uint8Array[]): Promise<void>;
  policyRestart(session: TpmSession): Promise<void>;
  policyGetDigest(session: TpmSession): Promise<Uint8Array>;
}

export interface NvCommands {
  nvDefine(definition: NvDefinition, hierarchy?: 'owner' | 'platform', auth?: TpmAuthorization): Promise<void>;
  nvUndefine(index: number, hierarchy?: 'owner' | 'platform', auth?: TpmAuthorization): Promise<void>;
  nvReadPublic(index: number): Promise<{ readonly publicArea: NvPublic; readonly name: Uint8Array }>;
  /** In pieces that the TPM takes. `authHandle` defaults to the index itself. */
  nvWrite(
    index: number,
    data: Uint8Array,
    options?: { readonly offset?: number; readonly authHandle?: number; readonly auth?: TpmAuthorization },
  ): Promise<void>;
  /** The whole index, or a range of it. */
  nvRead(
    index: number,
    options?: {
      readonly offset?: number;
      readonly size?: number;
      readonly authHandle?: number;
      readonly auth?: TpmAuthorization;
    },
  ): Promise<Uint8Array>;
  nvIncrement(
    index: number,
    options?: { readonly authHandle?: number; readonly auth?: TpmAuthorization },
  ): Promise<void>;
}

/**
 * Typed commands over one transport. Every method throws TpmError when the TPM refuses and TpmTransportError when it cannot be
 * asked. TPM_RC_RETRY and TPM_RC_TESTING are tried again. Authorizations default to the empty password.
 */
export interface TpmClient
  extends AdministrationCommands,
    PcrCommands,
    KeyCommands,
    AttestationCommands,
    SessionCommands,
    NvCommands {
  close(): Promise<void>;
}
