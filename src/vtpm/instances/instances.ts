import type { KeyObject } from 'node:crypto';
import {
  type Clock,
  createKeyedLock,
  equalBytes,
  type Log,
  messageOf,
  type Randomness,
  toHex,
} from '../../base/index.js';
import { prefixEnd, type Store } from '../../store/index.js';
import {
  createTpmClient,
  extendEvents,
  type ExtendedEvent,
  nameOf,
  type TpmClient,
  type TpmTransport,
} from '../../tpm/index.js';
import type { HostAuthority } from '../certificates/index.js';
import type { VtpmDriver } from '../drivers/index.js';
import { VtpmError } from '../errors.js';
import { type KeyKind, keyKindOf, provisionKeys, writeEkCertificate } from '../identity.js';
import { Instance } from './instance.js';
import {
  createOffer,
  encodeOffer,
  fingerprintOf,
  type MigrationTrust,
  openBlob,
  sealForOffer,
  verifyBlob,
  verifyOffer,
} from './migration.js';
import { decodeRecord, encodeRecord, type InstanceRecord } from './record.js';
import type { ImportOffer, OwnerState, VtpmBackend, VtpmInstance, VtpmInstances } from './types.js';

export interface InstancesParts {
  readonly store: Store;
  readonly drivers: Readonly<Record<VtpmBackend, VtpmDriver>>;
  readonly backend: VtpmBackend;
  readonly authority: HostAuthority;
  readonly anchors: readonly Uint8Array[];
  readonly crls: () => readonly Uint8Array[];
  readonly ownerState: (vmUuid: string) => OwnerState;
  readonly onFailure: (instance: VtpmInstance, restarted: boolean) => void;
  readonly keys: KeyKind;
  readonly randomness: Randomness;
  readonly clock: Clock;
  readonly log: Log;
}

const area = 'vtpm';
const recordPrefix = 'instance/';
const offerLifetime = 15 * 60_000;
const maximumOffers = 256;

interface OpenOffer {
  readonly offer: ImportOffer;
  readonly privateKey: KeyObject;
}

/** The virtual TPMs of a host: index, power, migration. One operation at a time for each VM. */
export class Instances implements VtpmInstances {
  readonly #parts: InstancesParts;
  readonly #byVm = new Map<string, Instance>();
  readonly #byUuid = new Map<string, Instance>();
  readonly #offers = new Map<string, OpenOffer>();
  readonly #lock = createKeyedLock();
  #closed = false;

  constructor(parts: InstancesParts) {
    this.#parts = parts;
    for (let from = recordPrefix; ; ) {
      const entries = parts.store.range(area, from, prefixEnd(recordPrefix), 500);
      for (const { value } of entries) this.#enter(decodeRecord(String(value)));
      const last = entries.at(-1);
      if (last === undefined || entries.length < 500) break;
      from = `${last.key}\0`;
    }
  }

  list(): readonly VtpmInstance[] {
    return [...this.#byVm.values()];
  }

  get(vmUuid: string): VtpmInstance | undefined {
    return this.#byVm.get(vmUuid);
  }

  find(uuid: string): VtpmInstance | undefined {
    return this.#byUuid.get(uuid);
  }

  create(vmUuid: string): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      if (this.#byVm.has(vmUuid)) throw new VtpmError('vtpm_exists', `VM ${vmUuid} has a virtual TPM already`);
      const { randomness, backend, drivers, clock, keys } = this.#parts;
      const uuid = randomness.uuid();
      const record = await drivers[backend].manufacture(uuid, async (transport): Promise<InstanceRecord> => {
        const client = createTpmClient(transport);
        await client.startup('clear');
        const found = await provisionKeys(client, keys);
        const ekCertificateChain = this.#certify(uuid, vmUuid, backend, found.ekPublic);
        await writeEkCertificate(client, keys, ekCertificateChain[0] as Uint8Array);
        await client.shutdown('clear');
        const identity = { ...found, ekCertificateChain };
        const certificateInNv = fingerprintOf(ekCertificateChain);
        return { uuid, vmUuid, backend, state: 'off', created: clock.now(), identity, certificateInNv };
      });
      await this.#save(record);
      return this.#enter(record);
    });
  }

  destroy(vmUuid: string): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#require(vmUuid);
      this.#refuseInUse(instance, 'destroyed');
      await this.#driver(instance).remove(instance.uuid);
      await this.#parts.store.transaction((tx) => {
        tx.delete(area, recordPrefix + vmUuid);
      });
      this.#byVm.delete(vmUuid);
      this.#byUuid.delete(instance.uuid);
      await this.#revoke(instance.record, 'cessationOfOperation');
    });
  }

  clone(_vmUuid: string, copyUuid: string): Promise<VtpmInstance> {
    return this.create(copyUuid);
  }

  powerOn(vmUuid: string): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      if (instance.powered !== null) await this.#stop(instance);
      await this.#power(instance, false);
      if (instance.record.state !== 'off') await this.#setState(instance, 'off');
      await this.#refreshCertificate(instance);
      return instance;
    });
  }

  powerOff(vmUuid: string): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#byVm.get(vmUuid);
      if (instance !== undefined) await this.#stop(instance);
    });
  }

  restart(vmUuid: string): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      const client = instance.client();
      await client.shutdown('clear');
      await instance.powered?.powerCycle();
      await client.startup('clear');
      return instance;
    });
  }

  reset(vmUuid: string): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      this.#refuseInUse(instance, 'reset');
      await this.#power(instance, false);
      try {
        const client = instance.client();
        await client.clear(undefined, 'platform');
        await provisionKeys(client, keyKindOf(instance.identity.ekPublic));
      } finally {
        await this.#stop(instance);
      }
      await this.#setState(instance, 'off');
    });
  }

  suspend(vmUuid: string): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      instance.transport();
      await instance.powered?.suspend();
      instance.setPowered(null);
      await this.#setState(instance, 'suspended');
    });
  }

  resume(vmUuid: string): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      if (instance.state !== 'suspended') {
        throw new VtpmError(
          'vtpm_not_suspended',
          `the virtual TPM of VM ${vmUuid} is ${instance.state}, not suspended`,
        );
      }
      await this.#power(instance, true);
      await this.#setState(instance, 'off');
      return instance;
    });
  }

  extend(vmUuid: string, events: Iterable<ExtendedEvent>): Promise<number> {
    return this.#alone(vmUuid, () => extendEvents(this.#require(vmUuid).client(), events));
  }

  prepareImport(vmUuid: string): Promise<Uint8Array> {
    return this.#alone(vmUuid, () => {
      const existing = this.#byVm.get(vmUuid);
      if (existing !== undefined && existing.state !== 'migrated')
        throw new VtpmError('vtpm_exists', `VM ${vmUuid} has a virtual TPM here`);
      const { authority, randomness, clock } = this.#parts;
      for (const [id, { offer }] of this.#offers) {
        if (offer.expires < clock.now() || offer.vmUuid === vmUuid) this.#offers.delete(id);
      }
      if (this.#offers.size >= maximumOffers) throw new VtpmError('vtpm_in_use', 'too many imports are prepared');
      const made = createOffer(authority, randomness, vmUuid, clock.now() + offerLifetime);
      this.#offers.set(made.offer.id, made);
      return Promise.resolve(encodeOffer(made.offer));
    });
  }

  export(vmUuid: string, offerBytes: Uint8Array): Promise<Uint8Array> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      const offer = verifyOffer(offerBytes, this.#trust());
      if (offer.vmUuid !== vmUuid) throw new VtpmError('vtpm_offer_invalid', 'the offer is for another VM');
      if (this.#offers.has(offer.id)) throw new VtpmError('vtpm_offer_invalid', 'the offer is by this host itself');
      if (instance.powered !== null) throw new VtpmError('vtpm_in_use', `the virtual TPM of VM ${vmUuid} runs`);
      const { authority, randomness } = this.#parts;
      const image = await this.#driver(instance).exportState(instance.uuid);
      // One more than at any time before, also on hosts where it was earlier.
      const sequence = this.#highWater(instance.identity.ekName) + 1;
      const { ekName } = instance.identity;
      const migrated = { record: encodeRecord(instance.record), vmUuid, ekName, sequence, image };
      const blob = sealForOffer(migrated, offer, authority, randomness);
      await this.#save({ ...instance.record, state: 'migrated' }, sequence);
      instance.record = { ...instance.record, state: 'migrated' };
      await this.#revoke(instance.record, 'superseded');
      return blob;
    });
  }

  import(vmUuid: string, blob: Uint8Array): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const existing = this.#byVm.get(vmUuid);
      if (existing !== undefined && existing.state !== 'migrated')
        throw new VtpmError('vtpm_exists', `VM ${vmUuid} has a virtual TPM here`);
      const { offerId, body } = verifyBlob(blob, this.#trust());
      const open = this.#offers.get(offerId);
      if (open === undefined || open.offer.expires < this.#parts.clock.now()) {
        throw new VtpmError('vtpm_blob_invalid', 'this host has no such offer, or it was used before');
      }
      const migrated = openBlob(body, open.offer, open.privateKey);
      const sent = decodeRecord(migrated.record);
      const bound = [migrated.vmUuid, sent.vmUuid, open.offer.vmUuid].every((uuid) => uuid === vmUuid);
      if (!bound || !equalBytes(nameOf(sent.identity.ekPublic), migrated.ekName))
        throw new VtpmError('vtpm_blob_invalid', 'the exported TPM is of another VM');
      if (migrated.sequence <= this.#highWater(migrated.ekName))
        throw new VtpmError('vtpm_blob_invalid', 'the exported TPM is older than one that was here');
      const chain = this.#certify(sent.uuid, vmUuid, sent.backend, sent.identity.ekPublic);
      const record: InstanceRecord = {
        ...sent,
        state: migrated.image.volatile === null ? 'off' : 'suspended',
        identity: { ...sent.identity, ekCertificateChain: chain },
      };
      await this.#parts.drivers[record.backend].importState(record.uuid, migrated.image);
      await this.#save(record, migrated.sequence);
      this.#offers.delete(offerId);
      return this.#enter(record);
    });
  }

  recover(vmUuid: string): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#require(vmUuid);
      if (instance.state !== 'migrated')
        throw new VtpmError('vtpm_not_migrated', `the virtual TPM of VM ${vmUuid} is ${instance.state}`);
      const { volatile } = await this.#driver(instance).exportState(instance.uuid);
      await this.#setState(instance, volatile === null ? 'off' : 'suspended');
      await this.#recertify(instance);
      return instance;
    });
  }

  renewCertificate(vmUuid: string): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      const before = instance.record;
      await this.#recertify(instance);
      await this.#revoke(before, 'superseded');
      if (instance.powered !== null) await this.#refreshCertificate(instance);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const instances = [...this.#byVm.values()];
    await Promise.all(instances.map((instance) => this.#lock.run(instance.vmUuid, () => this.#stop(instance))));
  }

  #alone<T>(vmUuid: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new VtpmError('vtpm_closed', 'the virtual TPMs are closed'));
    return this.#lock.run(vmUuid, work);
  }

  #require(vmUuid: string): Instance {
    const instance = this.#byVm.get(vmUuid);
    if (instance === undefined) throw new VtpmError('vtpm_unknown', `VM ${vmUuid} has no virtual TPM`);
    return instance;
  }

  /** An instance that was not sent away. */
  #usable(vmUuid: string): Instance {
    const instance = this.#require(vmUuid);
    if (instance.record.state === 'migrated') {
      throw new VtpmError('vtpm_migrated', `the virtual TPM of VM ${vmUuid} was exported: only recover or destroy it`);
    }
    return instance;
  }

  /** Management must not forge a boot: nothing is taken from under a VM. */
  #refuseInUse(instance: Instance, what: string): void {
    const owner = this.#parts.ownerState(instance.vmUuid);
    if (instance.powered === null && (owner === 'off' || owner === 'absent')) return;
    const state = owner === 'off' || owner === 'absent' ? instance.state : owner;
    throw new VtpmError(
      'vtpm_in_use',
      `a virtual TPM is ${what} only while its VM is off; VM ${instance.vmUuid} is ${state}`,
      {
        details: { state },
      },
    );
  }

  #driver(instance: Instance): VtpmDriver {
    return this.#parts.drivers[instance.backend];
  }

  async #power(instance: Instance, resume: boolean): Promise<void> {
    const { log, onFailure } = this.#parts;
    const powered = await this.#driver(instance).power(instance.uuid, {
      resume,
      onCrash: (restarted) => {
        log.error('vtpm_failed', { vm: instance.vmUuid, vtpm: instance.uuid, restarted });
        if (restarted) instance.restarts++;
        else instance.failed = true;
        onFailure(instance, restarted);
      },
    });
    instance.setPowered(powered);
    if (resume) return;
    try {
      await instance.client().startup('clear');
    } catch (error) {
      instance.setPowered(null);
      await powered.stop();
      throw error;
    }
  }

  async #stop(instance: Instance): Promise<void> {
    const { powered } = instance;
    if (powered === null) return;
    await shutDown(powered.transport).catch((error: unknown) => {
      this.#parts.log.warn('vtpm_unorderly_shutdown', { vm: instance.vmUuid, error: messageOf(error) });
    });
    instance.setPowered(null);
    await powered.stop();
  }

  #certify(
    vtpmUuid: string,
    vmUuid: string,
    backend: VtpmBackend,
    ekPublic: VtpmInstance['identity']['ekPublic'],
  ): readonly Uint8Array[] {
    const { authority } = this.#parts;
    return [authority.issueEk({ ekPublic, virtualTpm: { backend, vmUuid, vtpmUuid } }), ...authority.chain];
  }

  async #recertify(instance: Instance): Promise<void> {
    const { uuid, vmUuid, backend, identity } = instance.record;
    const ekCertificateChain = this.#certify(uuid, vmUuid, backend, identity.ekPublic);
    const record = { ...instance.record, identity: { ...identity, ekCertificateChain } };
    await this.#save(record);
    instance.record = record;
  }

  async #revoke(record: InstanceRecord, reason: 'superseded' | 'cessationOfOperation'): Promise<void> {
    const [certificate] = record.identity.ekCertificateChain;
    if (certificate !== undefined) await this.#parts.authority.revoke(certificate, reason);
  }

  /** Brings a certificate that was issued again into the TPM's NV; a guest that took the platform's authorization keeps the old one. */
  async #refreshCertificate(instance: Instance): Promise<void> {
    const current = fingerprintOf(instance.identity.ekCertificateChain);
    if (current === instance.record.certificateInNv) return;
    try {
      await writeEkCertificate(
        instance.client(),
        keyKindOf(instance.identity.ekPublic),
        instance.identity.ekCertificateChain[0] as Uint8Array,
      );
      const record = { ...instance.record, certificateInNv: current };
      await this.#save(record);
      instance.record = record;
    } catch (error) {
      this.#parts.log.warn('vtpm_certificate_not_in_nv', { vm: instance.vmUuid, error: messageOf(error) });
    }
  }

  async #setState(instance: Instance, state: InstanceRecord['state']): Promise<void> {
    const record = { ...instance.record, state };
    await this.#save(record);
    instance.record = record;
  }

  /** @param sequence migrations of this TPM so far, where it has just changed */
  #save(record: InstanceRecord, sequence?: number): Promise<void> {
    return this.#parts.store.transaction((tx) => {
      tx.put(area, recordPrefix + record.vmUuid, encodeRecord(record));
      if (sequence !== undefined) tx.put(area, `migration/${toHex(record.identity.ekName)}`, String(sequence));
    });
  }

  #highWater(ekName: Uint8Array): number {
    return Number(this.#parts.store.get(area, `migration/${toHex(ekName)}`) ?? 0);
  }

  #trust(): MigrationTrust {
    const { anchors, crls, clock } = this.#parts;
    return { anchors, options: { now: clock.now(), crls: crls() } };
  }

  #enter(record: InstanceRecord): Instance {
    const instance = new Instance(record, this.#parts.drivers[record.backend]);
    this.#byVm.set(record.vmUuid, instance);
    this.#byUuid.set(record.uuid, instance);
    return instance;
  }
}

/** TPM2_Shutdown, so that the next start is an orderly one. */
async function shutDown(transport: TpmTransport): Promise<void> {
  const client: TpmClient = createTpmClient(transport);
  await client.shutdown('clear');
}
