import { createKeyedLock, messageOf, toBase64 } from '../../base/index.js';
import type { ExtendedEvent, PublicArea } from '../../tpm/index.js';
import type { RevocationReason } from '../certificates/index.js';
import { VtpmError } from '../errors.js';
import { type ProvisionedTpm, rulesOf, type VtpmFamily } from '../family/index.js';
import type { Instance } from './instance.js';
import { type Alongside, InstanceIndex } from './instance-index.js';
import { fingerprintOf } from './migration.js';
import { driverOf, type InstancesParts } from './parts.js';
import type { InstanceRecord } from './record.js';
import { Transfers } from './transfers.js';
import type { ProtectionFacts, RecordWith, VtpmInstance, VtpmInstances } from './types.js';

/** The virtual TPMs of a host: index, power, migration. One operation at a time for each VM. */
export class Instances implements VtpmInstances {
  readonly #parts: InstancesParts;
  readonly #index: InstanceIndex;
  readonly #transfers: Transfers;
  readonly #lock = createKeyedLock();
  #closed = false;

  constructor(parts: InstancesParts) {
    this.#parts = parts;
    this.#index = new InstanceIndex(parts);
    this.#transfers = new Transfers(parts, this.#index);
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

  create(vmUuid: string, record?: RecordWith, family: VtpmFamily = '2.0'): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      if (this.#index.ofVm(vmUuid) !== undefined)
        throw new VtpmError('vtpm_exists', `VM ${vmUuid} has a virtual TPM already`);
      const { randomness, drivers, driver12, clock, keys } = this.#parts;
      const backend = family === '1.2' ? 'swtpm' : this.#parts.backend;
      const uuid = randomness.uuid();
      const driver = family === '1.2' ? driver12 : drivers[backend];
      const made = await driver.manufacture(uuid, async (transport, powerCycle): Promise<InstanceRecord> => {
        let ekCertificateChain: readonly Uint8Array[] = [];
        const certify = (ekPublic: PublicArea): Uint8Array => {
          ekCertificateChain = this.#index.certify({ uuid, vmUuid, backend, family }, ekPublic);
          return ekCertificateChain[0] as Uint8Array;
        };
        const found = await rulesOf(family).provision({ transport, powerCycle }, keys, certify);
        const identity = { ...found.keys, ekCertificateChain };
        const certificateInNv = fingerprintOf(ekCertificateChain);
        const common = {
          uuid,
          vmUuid,
          backend,
          state: 'off',
          created: clock.now(),
          identity,
          certificateInNv,
        } as const;
        return family === '2.0' ? common : { ...common, family, ...wrapping(found) };
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
    return this.create(copyUuid, undefined, this.#require(vmUuid).family);
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
      const rules = rulesOf(instance.family);
      await rules.shutdown(instance.transport());
      await instance.powered?.powerCycle();
      await rules.startup(instance.transport());
      return instance;
    });
  }

  reset(vmUuid: string, record?: RecordWith): Promise<void> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#usable(vmUuid);
      this.#refuseInUse(instance, 'reset');
      await this.#power(instance, false);
      let cleared: ProvisionedTpm | null = null;
      try {
        const powerCycle = (): Promise<void> => instance.powered?.powerCycle() ?? Promise.resolve();
        const tpm = { transport: instance.transport(), powerCycle };
        cleared = await rulesOf(instance.family).clear(tpm, instance.identity.ekPublic);
      } finally {
        await this.#stop(instance);
      }
      const changed =
        cleared === null ? {} : { identity: { ...instance.identity, ...cleared.keys }, ...wrapping(cleared) };
      const after: InstanceRecord = { ...instance.record, state: 'off', ...changed };
      await this.#index.save(after, { write: record });
      instance.record = after;
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
    return this.#alone(vmUuid, () => {
      const instance = this.#require(vmUuid);
      return rulesOf(instance.family).extend(instance.transport(), events);
    });
  }

  prepareImport(vmUuid: string, record?: RecordWith): Promise<Uint8Array> {
    return this.#alone(vmUuid, () => this.#transfers.prepare(vmUuid, record));
  }

  export(vmUuid: string, offerBytes: Uint8Array, targetHost?: string, record?: RecordWith): Promise<Uint8Array> {
    return this.#alone(vmUuid, () => this.#transfers.send(this.#usable(vmUuid), offerBytes, targetHost, record));
  }

  import(vmUuid: string, blob: Uint8Array, record?: RecordWith): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const taken = await this.#transfers.take(vmUuid, blob, record);
      await this.#mark();
      return this.#index.enter(taken);
    });
  }

  recover(vmUuid: string, record?: RecordWith): Promise<VtpmInstance> {
    return this.#alone(vmUuid, async () => {
      const instance = this.#require(vmUuid);
      await this.#transfers.takeBack(instance, record);
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

  async #power(instance: Instance, resume: boolean): Promise<void> {
    const { log, onFailure } = this.#parts;
    const powered = await driverOf(this.#parts, instance).power(instance.uuid, {
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
      await rulesOf(instance.family).startup(powered.transport);
    } catch (error) {
      instance.setPowered(null);
      await powered.stop();
      throw error;
    }
  }

  async #stop(instance: Instance): Promise<void> {
    const { powered } = instance;
    if (powered === null) return;
    await rulesOf(instance.family)
      .shutdown(powered.transport)
      .catch((error: unknown) => {
        this.#parts.log.warn('vtpm_unorderly_shutdown', { vm: instance.vmUuid, error: messageOf(error) });
      });
    instance.setPowered(null);
    await powered.stop();
  }
}

/** What the record of a TPM keeps of a key that the TPM has wrapped. */
function wrapping({ wrappedAk }: ProvisionedTpm): Pick<InstanceRecord, 'wrappedAk'> {
  return wrappedAk === null ? {} : { wrappedAk: toBase64(wrappedAk) };
}
