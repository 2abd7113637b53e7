import { messageOf, toHex } from '../../base/index.js';
import type { StoreTransaction } from '../../store/index.js';
import type { PublicArea } from '../../tpm/index.js';
import { readCertificate, type RevocationReason, revocationReasons } from '../certificates/index.js';
import { rulesOf } from '../family/index.js';
import type { ProtectedRows } from '../state/index.js';
import { Instance } from './instance.js';
import { fingerprintOf } from './migration.js';
import type { InstancesParts } from './parts.js';
import { decodeRecord, encodeRecord, type InstanceRecord } from './record.js';

const recordPrefix = 'instance/';
const revocationPrefix = 'revocation/';

/** TPM Main Specification, version 1.2, level 2, revision 116. */
const tpm12Specification = { family: '1.2', level: 2, revision: 116 };

type CertifiedTpm = Pick<InstanceRecord, 'uuid' | 'vmUuid' | 'backend' | 'family'>;

/** What else is written in the transaction of a change. */
export interface Alongside {
  /** Migrations of this TPM so far, where it has just changed. */
  readonly sequence?: number;
  /** Certificate that is not valid any more. */
  readonly revoked?: { readonly record: InstanceRecord; readonly reason: RevocationReason };
  /** Anything: an entry of the journal, an offer that was used up. */
  readonly write?: ((tx: StoreTransaction) => void) | undefined;
}

/** The durable index of instances, and the certificates that go with its entries. */
export class InstanceIndex {
  readonly #parts: InstancesParts;
  readonly #rows: ProtectedRows;
  readonly #byVm = new Map<string, Instance>();
  readonly #byUuid = new Map<string, Instance>();

  constructor(parts: InstancesParts) {
    this.#parts = parts;
    this.#rows = parts.protection.rows;
    for (const { value } of this.#rows.list(recordPrefix)) this.enter(decodeRecord(String(value)));
  }

  list(): readonly Instance[] {
    return [...this.#byVm.values()];
  }

  ofVm(vmUuid: string): Instance | undefined {
    return this.#byVm.get(vmUuid);
  }

  find(uuid: string): Instance | undefined {
    return this.#byUuid.get(uuid);
  }

  enter(record: InstanceRecord): Instance {
    const instance = new Instance(record, this.#parts.vault);
    const former = this.#byVm.get(record.vmUuid);
    if (former !== undefined) this.#byUuid.delete(former.uuid);
    this.#byVm.set(record.vmUuid, instance);
    this.#byUuid.set(record.uuid, instance);
    return instance;
  }

  async save(record: InstanceRecord, alongside: Alongside = {}): Promise<void> {
    await this.#parts.store.transaction((tx) => {
      this.#rows.put(tx, recordPrefix + record.vmUuid, encodeRecord(record));
      if (alongside.sequence !== undefined) {
        this.#rows.put(tx, migrationKey(record.identity.ekName), String(alongside.sequence));
      }
      this.#writeAlongside(tx, alongside);
    });
    if (alongside.revoked !== undefined) await this.revokePending();
  }

  async delete(instance: Instance, alongside: Alongside): Promise<void> {
    await this.#parts.store.transaction((tx) => {
      this.#rows.delete(tx, recordPrefix + instance.vmUuid);
      this.#writeAlongside(tx, alongside);
    });
    this.#byVm.delete(instance.vmUuid);
    this.#byUuid.delete(instance.uuid);
    await this.revokePending();
  }

  async setState(instance: Instance, state: InstanceRecord['state'], alongside?: Alongside): Promise<void> {
    const record = { ...instance.record, state };
    await this.save(record, alongside);
    instance.record = record;
  }

  /** Highest migration number that this host has seen of a TPM; it outlives the instance. */
  highWater(ekName: Uint8Array): number {
    return Number(this.#rows.get(migrationKey(ekName)) ?? 0);
  }

  /** A new EK certificate with its chain. */
  certify({ uuid, vmUuid, backend, family }: CertifiedTpm, ekPublic: PublicArea): readonly Uint8Array[] {
    const { authority } = this.#parts;
    const virtualTpm = { backend, vmUuid, vtpmUuid: uuid };
    const specification = family === '1.2' ? { specification: tpm12Specification } : {};
    return [authority.issueEk({ ekPublic, virtualTpm, ...specification }), ...authority.chain];
  }

  /** The same key with a new certificate. */
  async recertify(instance: Instance, state: InstanceRecord['state'], alongside: Alongside): Promise<void> {
    const { identity } = instance.record;
    const ekCertificateChain = this.certify(instance.record, identity.ekPublic);
    const record = { ...instance.record, state, identity: { ...identity, ekCertificateChain } };
    await this.save(record, alongside);
    instance.record = record;
  }

  /** @param serial in hex without leading zeros */
  async revoke(serial: string, reason: RevocationReason, write?: (tx: StoreTransaction) => void): Promise<void> {
    await this.#parts.store.transaction((tx) => {
      this.#rows.put(tx, revocationPrefix + serial, reason);
      write?.(tx);
    });
    await this.revokePending();
  }

  /** Certificates whose revocation was written down, and not yet carried out by the authority. */
  async revokePending(): Promise<void> {
    for (const { key, value } of [...this.#rows.list(revocationPrefix)]) {
      await this.#parts.authority.revoke(key.slice(revocationPrefix.length), reasonOf(value));
      await this.#parts.store.transaction((tx) => {
        this.#rows.delete(tx, key);
      });
    }
  }

  /** Brings a certificate that was issued again into the TPM's NV; a guest that took the platform's authorization keeps the old one. */
  async refreshCertificate(instance: Instance): Promise<void> {
    const { ekCertificateChain, ekPublic } = instance.identity;
    const [certificate] = ekCertificateChain;
    const current = fingerprintOf(ekCertificateChain);
    if (certificate === undefined || current === instance.record.certificateInNv) return;
    try {
      await rulesOf(instance.family).writeCertificate(instance.transport(), ekPublic, certificate);
      const record = { ...instance.record, certificateInNv: current };
      await this.save(record);
      instance.record = record;
    } catch (error) {
      this.#parts.log.warn('vtpm_certificate_not_in_nv', { vm: instance.vmUuid, error: messageOf(error) });
    }
  }

  #writeAlongside(tx: StoreTransaction, { revoked, write }: Alongside): void {
    const certificate = revoked?.record.identity.ekCertificateChain[0];
    if (revoked !== undefined && certificate !== undefined) {
      this.#rows.put(tx, revocationPrefix + readCertificate(certificate).serial, revoked.reason);
    }
    write?.(tx);
  }
}

function migrationKey(ekName: Uint8Array): string {
  return `migration/${toHex(ekName)}`;
}

function reasonOf(value: unknown): RevocationReason {
  return typeof value === 'string' && value in revocationReasons ? (value as RevocationReason) : 'unspecified';
}
