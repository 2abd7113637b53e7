import { createKeyedLock, equalBytes, messageOf } from '../../base/index.js';
import {
  createTpmClient,
  extendEvents,
  type ExtendedEvent,
  nameOf,
  type TpmClient,
  type TpmTransport,
} from '../../tpm/index.js';
import type { RevocationReason } from '../certificates/index.js';
import type { VtpmDriver } from '../drivers/index.js';
import { VtpmError } from '../errors.js';
import { keyKindOf, provisionKeys, writeEkCertificate } from '../identity.js';
import type { Instance } from './instance.js';
import { type Alongside, InstanceIndex } from './instance-index.js';
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
import type { InstancesParts } from './parts.js';
import { decodeRecord, encodeRecord, type InstanceRecord } from './record.js';
import { Offers } from './offers.js';
import type { ProtectionFacts, RecordWith, VtpmInstance, VtpmInstances } from './types.js';

const offerLifetime = 15 * 60_000;

/** The virtual TPMs of a host: index, power, migration. One operation at a time for each VM. */
export class Instances implements VtpmInstances {
  readonly #parts: InstancesParts;
  readonly #index: InstanceIndex;
  readonly #offers: Offers;
  readonly #lock = createKeyedLock();
  #closed = false;

  constructor(parts: InstancesParts) {
    this.#parts = parts;
    this.#index = new InstanceIndex(parts);
    this.#offers = new Offers(parts.protection);
  }

  /** Carries out what the last process has written down and not come to. */
  async settle(): Promise<void> {
    await this.#index.revokePending();
    await this.#toldLater(this.#parts.protection.markFolder());
  }

  get protection(): ProtectionFacts {
    const { protection } = this.#parts;
    return { kind: protection.kind, pcrs: protection.pcrs, epoch: protection.epoch() };
  }

  list(): readonly VtpmInstance[] {
    return this.#index.list();
  }

  get(vmUuid: string): VtpmInstance | undefined {
    return this.#index.ofVm(vmUuid);
  }

  find(uuid: string): VtpmInstance | undefined {
    return this.#index.find(uuid);
  }

  create(vmUuid: string, record?: RecordWith): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      if (this.#index.ofVm(vmUuid) !== undefined)
        throw new VtpmError('vtpm_exists', `VM ${vmUuid} has a virtual TPM already`);
      const { randomness, backend, drivers, clock, keys } = this.#parts;
      const uuid = randomness.uuid();
      const made = await drivers[backend].manufacture(uuid, async (transport): Promise<InstanceRecord> => {
        const client = createTpmClient(transport);
        await client.startup('clear');
        const found = await provisionKeys(client, keys);
        const ekCertificateChain = this.#index.certify(uuid, vmUuid, backend, found.ekPublic);
        await writeEkCertificate(client, keys, ekCertificateChain[0] as Uint8Array);
        await client.shutdown('clear');
        const identity = { ...found, ekCertificateChain };
        const certificateInNv = fingerprintOf(ekCertificateChain);
        return { uuid, vmUuid, backend, state: 'off', created: clock.now(), identity, certificateInNv };
      });
      await this.#index.save(made, { write: record });
      await this.#mark();
      return this.#index.enter(made);
    });
  }

  destroy(vmUuid: string, record?: RecordWith): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#require(vmUuid);
      this.#refuseInUse(instance, 'destroyed');
      const revoked = { record: instance.record, reason: 'cessationOfOperation' } as const;
      await this.#index.delete(instance, {
        revoked,
        write: (tx) => {
          this.#parts.vault.remove(tx, instance.uuid);
          record?.(tx);
        },
      });
      await this.#mark();
    });
  }

  async clone(vmUuid: string, copyUuid: string): Promise<VtpmInstance> {
    this.#require(vmUuid);
    return this.create(copyUuid);
  }

  powerOn(vmUuid: string): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      if (instance.powered !== null) await this.#stop(instance);
      await this.#power(instance, false);
      if (instance.record.state !== 'off') await this.#index.setState(instance, 'off');
      await this.#index.refreshCertificate(instance);
      return instance;
    });
  }

  powerOff(vmUuid: string): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#index.ofVm(vmUuid);
      if (instance !== undefined) await this.#stop(instance);
    });
  }

  restart(vmUuid: string): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      if (instance.failed) {
        await this.#stop(instance);
        await this.#power(instance, false);
        return instance;
      }
      const client = instance.client();
      await client.shutdown('clear');
      await instance.powered?.powerCycle();
      await client.startup('clear');
      return instance;
    });
  }

  reset(vmUuid: string, record?: RecordWith): Promise<void> {
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
      await this.#index.setState(instance, 'off', { write: record });
    });
  }

  suspend(vmUuid: string): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      instance.transport();
      await instance.powered?.suspend();
      instance.setPowered(null);
      await this.#index.setState(instance, 'suspended');
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
      await this.#index.setState(instance, 'off');
      return instance;
    });
  }

  extend(vmUuid: string, events: Iterable<ExtendedEvent>): Promise<number> {
    return this.#alone(vmUuid, () => extendEvents(this.#require(vmUuid).client(), events));
  }

  prepareImport(vmUuid: string, record?: RecordWith): Promise<Uint8Array> {
    return this.#alone(vmUuid, async () => {
      const existing = this.#index.ofVm(vmUuid);
      if (existing !== undefined && existing.state !== 'migrated')
        throw new VtpmError('vtpm_exists', `VM ${vmUuid} has a virtual TPM here`);
      const { authority, randomness, clock, store } = this.#parts;
      const made = createOffer(authority, randomness, vmUuid, clock.now() + offerLifetime);
      await store.transaction((tx) => {
        this.#offers.add(tx, made, clock.now());
        record?.(tx);
      });
      return encodeOffer(made.offer);
    });
  }

  export(vmUuid: string, offerBytes: Uint8Array, targetHost?: string, record?: RecordWith): Promise<Uint8Array> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      const offer = verifyOffer(offerBytes, this.#trust());
      if (offer.vmUuid !== vmUuid) throw new VtpmError('vtpm_offer_invalid', 'the offer is for another VM');
      if (targetHost !== undefined && offer.target.host?.hostUuid !== targetHost)
        throw new VtpmError('vtpm_offer_invalid', 'the offer is by another host');
      if (this.#offers.has(offer.id)) throw new VtpmError('vtpm_offer_invalid', 'the offer is by this host itself');
      if (instance.powered !== null) throw new VtpmError('vtpm_in_use', `the virtual TPM of VM ${vmUuid} runs`);
      const { authority, randomness, vault, protection } = this.#parts;
      const image = vault.read(instance.uuid);
      // One more than at any time before, also on hosts where it was earlier.
      const sequence = this.#index.highWater(instance.identity.ekName) + 1;
      const { ekName } = instance.identity;
      const migrated = { record: encodeRecord(instance.record), vmUuid, ekName, sequence, image };
      const blob = sealForOffer(migrated, offer, authority, randomness);
      const revoked = { record: instance.record, reason: 'superseded' } as const;
      await this.#index.setState(instance, 'migrated', { sequence, revoked, write: record });
      // Before anybody has it elsewhere: an older copy of this host's data must not bring it back.
      await protection.mark();
      return blob;
    });
  }

  import(vmUuid: string, blob: Uint8Array, record?: RecordWith): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const existing = this.#index.ofVm(vmUuid);
      if (existing !== undefined && existing.state !== 'migrated')
        throw new VtpmError('vtpm_exists', `VM ${vmUuid} has a virtual TPM here`);
      const { offerId, body } = verifyBlob(blob, this.#trust());
      const open = this.#offers.find(offerId, this.#parts.clock.now());
      if (open === undefined) {
        throw new VtpmError('vtpm_blob_invalid', 'this host has no such offer, or it was used before');
      }
      const migrated = openBlob(body, open.offer, open.privateKey);
      const sent = decodeRecord(migrated.record);
      const bound = [migrated.vmUuid, sent.vmUuid, open.offer.vmUuid].every((uuid) => uuid === vmUuid);
      if (!bound || !equalBytes(nameOf(sent.identity.ekPublic), migrated.ekName))
        throw new VtpmError('vtpm_blob_invalid', 'the exported TPM is of another VM');
      if (migrated.sequence <= this.#index.highWater(migrated.ekName))
        throw new VtpmError('vtpm_blob_invalid', 'the exported TPM is older than one that was here');
      const chain = this.#index.certify(sent.uuid, vmUuid, sent.backend, sent.identity.ekPublic);
      const taken: InstanceRecord = {
        ...sent,
        state: migrated.image.volatile === null ? 'off' : 'suspended',
        identity: { ...sent.identity, ekCertificateChain: chain },
      };
      await this.#parts.drivers[taken.backend].importState(taken.uuid, migrated.image);
      const { sequence } = migrated;
      await this.#index.save(taken, {
        sequence,
        write: (tx) => {
          this.#offers.use(tx, offerId);
          record?.(tx);
        },
      });
      await this.#mark();
      return this.#index.enter(taken);
    });
  }

  recover(vmUuid: string, record?: RecordWith): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#require(vmUuid);
      if (instance.state !== 'migrated')
        throw new VtpmError('vtpm_not_migrated', `the virtual TPM of VM ${vmUuid} is ${instance.state}`);
      const { volatile } = this.#parts.vault.read(instance.uuid);
      await this.#index.recertify(instance, volatile === null ? 'off' : 'suspended', { write: record });
      await this.#mark();
      return instance;
    });
  }

  renewCertificate(vmUuid: string, record?: RecordWith): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      const revoked = { record: instance.record, reason: 'superseded' } as const;
      const alongside: Alongside = { revoked, write: record };
      await this.#index.recertify(instance, instance.record.state, alongside);
      if (instance.powered !== null) await this.#index.refreshCertificate(instance);
    });
  }

  revocationLists(): readonly Uint8Array[] {
    return [this.#parts.authority.crl(), ...this.#parts.crls()];
  }

  revokeCertificate(serial: string, reason: RevocationReason, record?: RecordWith): Promise<void> {
    return this.#index.revoke(serial, reason, record);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const instances = this.#index.list();
    await Promise.all(instances.map((instance) => this.#lock.run(instance.vmUuid, () => this.#stop(instance))));
    await this.#toldLater(this.#parts.protection.markFolder());
    await this.#parts.protection.close();
  }

  /** What was changed is the oldest that is accepted from now on. */
  #mark(): Promise<void> {
    return this.#toldLater(this.#parts.protection.mark());
  }

  /** A TPM of the host that cannot count now does so later. */
  async #toldLater(marking: Promise<void>): Promise<void> {
    await marking.catch((error: unknown) => {
      this.#parts.log.error('vtpm_states_not_marked', { error: messageOf(error) });
    });
  }

  #alone<T>(vmUuid: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new VtpmError('vtpm_closed', 'the virtual TPMs are closed'));
    return this.#lock.run(vmUuid, work);
  }

  #require(vmUuid: string): Instance {
    const instance = this.#index.ofVm(vmUuid);
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
      afterCrash: 'stay',
      onCrash: () => {
        log.error('vtpm_failed', { vm: instance.vmUuid, vtpm: instance.uuid });
        instance.failed = true;
        onFailure(instance);
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

  #trust(): MigrationTrust {
    const { anchors, crls, clock } = this.#parts;
    return { anchors, options: { now: clock.now(), crls: crls() } };
  }
}

/** TPM2_Shutdown, so that the next start is an orderly one. */
async function shutDown(transport: TpmTransport): Promise<void> {
  const client: TpmClient = createTpmClient(transport);
  await client.shutdown('clear');
}
