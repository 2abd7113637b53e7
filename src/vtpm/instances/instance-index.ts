import { messageOf, toHex } from '../../base/index.js';
import { prefixEnd } from '../../store/index.js';
import type { PublicArea } from '../../tpm/index.js';
import type { RevocationReason } from '../certificates/index.js';
import { keyKindOf, writeEkCertificate } from '../identity.js';
import { Instance } from './instance.js';
import { fingerprintOf } from './migration.js';
import type { InstancesParts } from './parts.js';
import { decodeRecord, encodeRecord, type InstanceRecord } from './record.js';
import type { VtpmBackend } from './types.js';

const area = 'vtpm';
const recordPrefix = 'instance/';
const pageSize = 500;

/** The durable index of instances, and the certificates that go with its entries. */
export class InstanceIndex {
  readonly #parts: InstancesParts;
  readonly #byVm = new Map<string, Instance>();
  readonly #byUuid = new Map<string, Instance>();

  constructor(parts: InstancesParts) {
    this.#parts = parts;
    for (let from = recordPrefix; ; ) {
      const entries = parts.store.range(area, from, prefixEnd(recordPrefix), pageSize);
      for (const { value } of entries) this.enter(decodeRecord(String(value)));
      const last = entries.at(-1);
      if (last === undefined || entries.length < pageSize) break;
      from = `${last.key}\0`;
    }
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
    const instance = new Instance(record, this.#parts.drivers[record.backend]);
    this.#byVm.set(record.vmUuid, instance);
    this.#byUuid.set(record.uuid, instance);
    return instance;
  }

  /** @param sequence migrations of this TPM so far, where it has just changed */
  save(record: InstanceRecord, sequence?: number): Promise<void> {
    return this.#parts.store.transaction((tx) => {
      tx.put(area, recordPrefix + record.vmUuid, encodeRecord(record));
      if (sequence !== undefined) tx.put(area, migrationKey(record.identity.ekName), String(sequence));
    });
  }

  async delete(instance: Instance): Promise<void> {
    await this.#parts.store.transaction((tx) => {
      tx.delete(area, recordPrefix + instance.vmUuid);
    });
    this.#byVm.delete(instance.vmUuid);
    this.#byUuid.delete(instance.uuid);
  }

  async setState(instance: Instance, state: InstanceRecord['state']): Promise<void> {
    const record = { ...instance.record, state };
    await this.save(record);
    instance.record = record;
  }

  /** Highest migration number that this host has seen of a TPM; it outlives the instance. */
  highWater(ekName: Uint8Array): number {
    return Number(this.#parts.store.get(area, migrationKey(ekName)) ?? 0);
  }

  /** A new EK certificate with its chain. */
  certify(vtpmUuid: string, vmUuid: string, backend: VtpmBackend, ekPublic: PublicArea): readonly Uint8Array[] {
    const { authority } = this.#parts;
    return [authority.issueEk({ ekPublic, virtualTpm: { backend, vmUuid, vtpmUuid } }), ...authority.chain];
  }

  async recertify(instance: Instance): Promise<void> {
    const { uuid, vmUuid, backend, identity } = instance.record;
    const ekCertificateChain = this.certify(uuid, vmUuid, backend, identity.ekPublic);
    const record = { ...instance.record, identity: { ...identity, ekCertificateChain } };
    await this.save(record);
    instance.record = record;
  }

  async revoke(record: InstanceRecord, reason: RevocationReason): Promise<void> {
    const [certificate] = record.identity.ekCertificateChain;
    if (certificate !== undefined) await this.#parts.authority.revoke(certificate, reason);
  }

  /** Brings a certificate that was issued again into the TPM's NV; a guest that took the platform's authorization keeps the old one. */
  async refreshCertificate(instance: Instance): Promise<void> {
    const { ekCertificateChain, ekPublic } = instance.identity;
    const [certificate] = ekCertificateChain;
    const current = fingerprintOf(ekCertificateChain);
    if (certificate === undefined || current === instance.record.certificateInNv) return;
    try {
      await writeEkCertificate(instance.client(), keyKindOf(ekPublic), certificate);
      const record = { ...instance.record, certificateInNv: current };
      await this.save(record);
      instance.record = record;
    } catch (error) {
      this.#parts.log.warn('vtpm_certificate_not_in_nv', { vm: instance.vmUuid, error: messageOf(error) });
    }
  }
}

function migrationKey(ekName: Uint8Array): string {
  return `migration/${toHex(ekName)}`;
}
