import type { StoreTransaction } from '../../store/index.js';
import type { ExtendedEvent, PublicArea, Quote12, Tpm12Client, TpmClient, TpmTransport } from '../../tpm/index.js';
import type { RevocationReason } from '../certificates/index.js';
import type { VtpmFamily } from '../family/index.js';

/** What a virtual TPM runs on. */
export const vtpmBackends = ['software', 'swtpm'] as const;
export type VtpmBackend = (typeof vtpmBackends)[number];

/**
 * State of an instance. `off`: its VM is off. `running`: it answers. `suspended`: saved with its PCRs. `migrated`: exported, only
 * `recover` or `destroy` afterwards. `failed`: its process ended by itself, and its
 * PCRs with it; it comes back when its VM boots again.
 */
export const vtpmStates = ['off', 'running', 'suspended', 'migrated', 'failed'] as const;
export type VtpmState = (typeof vtpmStates)[number];

/** Who the TPM is: it keeps these over restarts and migration. */
export interface VtpmIdentity {
  readonly ekPublic: PublicArea;
  readonly ekName: Uint8Array;
  /** EK certificate, issuing authority, root: DER. */
  readonly ekCertificateChain: readonly Uint8Array[];
  readonly akPublic: PublicArea;
  readonly akName: Uint8Array;
  /** Persistent handles. */
  readonly ekHandle: number;
  readonly akHandle: number;
}

/** One virtual TPM. The object stays the same while the instance lives; its fields are current. */
export interface VtpmInstance {
  readonly uuid: string;
  readonly vmUuid: string;
  readonly backend: VtpmBackend;
  readonly family: VtpmFamily;
  readonly state: VtpmState;
  readonly identity: VtpmIdentity;
  /** Rises with every change of the state at rest. */
  readonly sequence: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly created: number;
  /** @throws VtpmError `vtpm_off` unless it runs, `vtpm_wrong_family` for a TPM 1.2 */
  client(): TpmClient;
  /** Of a TPM 1.2. @throws VtpmError `vtpm_off`, `vtpm_wrong_family` for a TPM 2.0 */
  client12(): Tpm12Client;
  /** A quote by the attestation identity key of a TPM 1.2. @throws VtpmError as {@link VtpmInstance.client12} */
  quote12(form: 'quote' | 'quote2', externalData: Uint8Array, pcrs: readonly number[]): Promise<Quote12>;
  /** Frames from the VM or a tool. @throws VtpmError `vtpm_off` */
  transport(): TpmTransport;
}

/** What a virtual TPM's owner does, as the virtual machines know it. */
export type OwnerState = 'absent' | 'off' | 'running' | 'paused' | 'saved';

/** What a target gives the source of a migration: used once. */
export interface ImportOffer {
  readonly id: string;
  readonly vmUuid: string;
  /** X25519 public key, SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly nonce: Uint8Array;
  /** Certificate of `publicKey`'s digest by the target's issuing authority, and that authority's chain. */
  readonly signature: Uint8Array;
  readonly chain: readonly Uint8Array[];
  /** Milliseconds since 1970-01-01 UTC. */
  readonly expires: number;
}

/** Encoded {@link ImportOffer}, for CIM's octet strings. */
export type ImportOfferBytes = Uint8Array;

/** Writes what belongs to a change in its transaction: an entry of the journal, the inventory. It must not throw. */
export type RecordWith = (tx: StoreTransaction) => void;

/** How the states at rest are kept: sealed to the TPM of the host, or by a key file. */
export interface ProtectionFacts {
  readonly kind: 'tpm' | 'file';
  /** PCRs that the key is bound to; null for a file. */
  readonly pcrs: string | null;
  /** What the counter in the TPM has come to; 0 without. */
  readonly epoch: number;
}

/** All virtual TPMs of a host; the index is durable. Operations on one instance wait for each other. */
export interface VtpmInstances {
  readonly protection: ProtectionFacts;
  list(): readonly VtpmInstance[];
  /** The TPM of a VM. */
  get(vmUuid: string): VtpmInstance | undefined;
  /** By the UUID of the TPM itself. */
  find(uuid: string): VtpmInstance | undefined;
  /**
   * Makes a TPM with a new identity for a VM.
   * @param family `1.2` is carried out by swtpm, whatever carries out the others
   * @throws VtpmError `vtpm_exists`, `vtpm_backend_unavailable`
   */
  create(vmUuid: string, record?: RecordWith, family?: VtpmFamily): Promise<VtpmInstance>;
  /** Deletes it with its keys and revokes its certificates. @throws VtpmError `vtpm_in_use`, `vtpm_unknown` */
  destroy(vmUuid: string, record?: RecordWith): Promise<void>;
  /** Start of the VM: TPM2_Startup(CLEAR), PCRs at zero. @throws VtpmError `vtpm_migrated`, `vtpm_unknown` */
  powerOn(vmUuid: string): Promise<VtpmInstance>;
  /** Stop of the VM: orderly TPM2_Shutdown first. Nothing happens when it is off. */
  powerOff(vmUuid: string): Promise<void>;
  /** Reset of the VM while it runs: PCRs at zero, part of the VM's own transition. */
  restart(vmUuid: string): Promise<VtpmInstance>;
  /** Management's reset of a TPM whose VM is off: clears owner data, authorizations and locks-out. @throws VtpmError `vtpm_in_use` */
  reset(vmUuid: string, record?: RecordWith): Promise<void>;
  /** Saves it with its PCRs and stops it. @throws VtpmError `vtpm_off` */
  suspend(vmUuid: string): Promise<void>;
  /** Goes on after {@link VtpmInstances.suspend} with the same PCRs. @throws VtpmError `vtpm_not_suspended` */
  resume(vmUuid: string): Promise<VtpmInstance>;
  /** The measured boot's way to extend; how many events were extended. @throws VtpmError `vtpm_off` */
  extend(vmUuid: string, events: Iterable<ExtendedEvent>): Promise<number>;
  /** A TPM for a copy of a VM: a new identity, nothing of the original's. */
  clone(vmUuid: string, copyUuid: string): Promise<VtpmInstance>;
  /** Gives a source what it needs to send a TPM here, once and within 15 minutes; durable. @throws VtpmError `vtpm_exists` */
  prepareImport(vmUuid: string, record?: RecordWith): Promise<ImportOfferBytes>;
  /**
   * Encrypts a suspended or stopped TPM for one target; the instance is `migrated` afterwards.
   * @param targetHost UUID of the host whose offer it must be; left out: any of the datacenter
   * @throws VtpmError `vtpm_in_use`, `vtpm_offer_invalid`, `vtpm_migrated`
   */
  export(vmUuid: string, offer: ImportOfferBytes, targetHost?: string, record?: RecordWith): Promise<Uint8Array>;
  /**
   * Takes a TPM that was exported to an offer of this host, re-issues its certificate, and leaves it as it was: suspended or off.
   * @throws VtpmError `vtpm_blob_invalid` (altered, of another VM, or used before), `vtpm_exists`
   */
  import(vmUuid: string, blob: Uint8Array, record?: RecordWith): Promise<VtpmInstance>;
  /** Takes back a `migrated` instance when the migration failed. @throws VtpmError `vtpm_not_migrated` */
  recover(vmUuid: string, record?: RecordWith): Promise<VtpmInstance>;
  /** Issues the EK certificate again, for the same key, and revokes the one before. */
  renewCertificate(vmUuid: string, record?: RecordWith): Promise<void>;
  /** Current revocation lists, DER: of the host's authority, and of others that the host speaks for. */
  revocationLists(): readonly Uint8Array[];
  /** @param serial of a certificate of the host's authority, in hex without leading zeros */
  revokeCertificate(serial: string, reason: RevocationReason, record?: RecordWith): Promise<void>;
  /** Saves and stops all. */
  close(): Promise<void>;
}
