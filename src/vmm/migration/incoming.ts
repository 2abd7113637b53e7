import type { LabelChange, PolicyIdentity, Reservation } from '../../acm/index.js';
import { equalBytes, hash, messageOf, toHex } from '../../base/index.js';
import type { Actor } from '../events.js';
import type { IncomingMigration } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { domainOf, portsOf, resourcesOf } from '../transitions/common.js';
import { lockDevices, lockName } from '../transitions/locks.js';
import { decodeCargo, type MigrationCargo } from './cargo.js';
import { dropIncoming, takeOver } from './incoming-end.js';
import { arrivalOf, findingsAgainst } from './objections.js';
import { pastMigration, remember } from './past.js';
import type { ArrivalOutcome, Preparation } from './peer.js';
import { digestOf, enforcedPolicy, type MigrationProposal } from './proposal.js';
import { MigrationRefusedError, type Objection } from './refused.js';
import { no, refuseAdmission, refuseArrival, toObjection } from './refuse-arrival.js';
import { tpmRecord } from './tpm-record.js';

/** What a promise rests on while this process lives. */
interface Promised {
  /** Null for a machine that is off. */
  readonly reservation: Reservation | null;
  /** What was enforced here when the promise was made. */
  readonly policy: PolicyIdentity;
}

function samePolicy(a: PolicyIdentity, b: PolicyIdentity): boolean {
  return a.name === b.name && a.version === b.version && a.sha256 === b.sha256;
}

/** The destination's side: decides before anything leaves the source, and holds what came until the source has decided. */
export class IncomingMigrations {
  readonly #parts: HostParts;
  /** By identifier of the migration. */
  readonly #promised = new Map<string, Promised>();

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  /** All that stands against a virtual machine here; changes and records nothing. */
  async check(proposal: MigrationProposal): Promise<readonly Objection[]> {
    return (await findingsAgainst(this.#parts, proposal)).map(toObjection);
  }

  /**
   * Decides, and keeps a place with all that the virtual machine needs.
   * @throws MigrationRefusedError nothing is kept
   */
  prepare(actor: Actor, peer: string, proposal: MigrationProposal): Promise<Preparation> {
    const parts = this.#parts;
    const { vm } = proposal;
    return lockName(parts, 'vm', vm.name, () =>
      parts.locks.run(vm.uuid, () => {
        const { disks, ports } = arrivalOf(parts, proposal);
        const volumes = disks.map(({ volume }) => volume);
        const vlans = ports.map(({ vlanId }) => vlanId);
        return lockDevices(parts, volumes, vlans, () => this.#prepare(actor, peer, proposal));
      }),
    );
  }

  async #prepare(actor: Actor, peer: string, proposal: MigrationProposal): Promise<Preparation> {
    const parts = this.#parts;
    const { id } = proposal;
    if (pastMigration(parts.store, id) !== undefined)
      throw no('migration_over', `Migration ${id} is over; a new one needs a new identifier.`);
    const earlier = parts.inventory.migration(proposal.vm.uuid);
    // The answer to the same question was lost: it is asked again from the beginning.
    if (earlier?.direction === 'in' && earlier.id === id && earlier.phase === 'reserved' && earlier.peer === peer) {
      await this.#release(earlier);
      await parts.inventory.change((change) => {
        change.deleteMigration(earlier.vm.uuid);
        parts.monitor.forget(change.tx, { kind: 'vm', vm: earlier.vm.uuid });
      });
    }
    const findings = await findingsAgainst(parts, proposal);
    if (findings.length > 0) throw await refuseArrival(parts, actor, peer, proposal, findings);
    const vm = arrivalOf(parts, proposal);
    const record: IncomingMigration = {
      direction: 'in',
      phase: 'reserved',
      id,
      vm,
      peer,
      user: actor.user,
      begun: parts.clock.now(),
      digest: digestOf(proposal),
      policy: proposal.policy,
      used: vm.disks
        .filter(({ id: disk }) => proposal.disks.find((item) => item.id === disk)?.used)
        .map(({ volume }) => volume),
      received: null,
    };
    await this.#enter(record, proposal.label);
    try {
      return await this.#promise(actor, record, proposal);
    } catch (error) {
      await dropIncoming(parts, record, messageOf(error));
      throw error instanceof MigrationRefusedError ? error : no('not_prepared', `${messageOf(error)}.`);
    } finally {
      if (parts.inventory.migration(vm.uuid) === undefined) this.#promised.delete(id);
    }
  }

  /** Record and label in one transaction: the reference monitor knows from now on what is to come. */
  async #enter(record: IncomingMigration, label: string | null): Promise<void> {
    const { monitor, inventory } = this.#parts;
    const element = { kind: 'vm', vm: record.vm.uuid, state: 'off', trusted: record.vm.trusted === true } as const;
    const wish: LabelChange = { element, label };
    await inventory.change((change) => {
      change.putMigration(record);
      if (label === null) return;
      const { decision } = monitor.changeLabelIn(change.tx, wish);
      if (decision.permit) return;
      const { reason, sentence } = decision;
      throw new MigrationRefusedError([{ reason, sentence, byPolicy: true }]);
    });
  }

  async #promise(actor: Actor, record: IncomingMigration, proposal: MigrationProposal): Promise<Preparation> {
    const parts = this.#parts;
    const { vm } = record;
    const host = { uuid: parts.identity.uuid, name: parts.identity.name };
    const policy = enforcedPolicy(parts);
    if (vm.state === 'off') {
      this.#promised.set(record.id, { reservation: null, policy });
      return { host, offer: await this.#offer(record), address: '' };
    }
    const { decision, reservation } = await parts.monitor.admit(vm.uuid, {
      kind: 'migrate_in',
      policy: record.policy,
      resources: resourcesOf(parts, vm),
      ports: portsOf(vm),
      trusted: vm.trusted === true,
    });
    if (reservation === undefined) throw await refuseAdmission(parts, actor, proposal, decision);
    this.#promised.set(record.id, { reservation, policy });
    const address = await parts.hypervisor.prepareIncoming(await domainOf(parts, vm), reservation.permit);
    return { host, offer: await this.#offer(record), address };
  }

  async #offer(record: IncomingMigration): Promise<Uint8Array | null> {
    const { vm } = record;
    const kept = tpmRecord(this.#parts, record, 'prepare import');
    return vm.tpm ? this.#parts.vtpms.prepareImport(vm.uuid, kept) : null;
  }

  /** @throws MigrationRefusedError unless a place is kept for a migration of that peer */
  expect(peer: string, id: string): IncomingMigration {
    const record = this.find(id);
    if (record?.peer !== peer)
      throw no('migration_unknown', `This host holds no place for migration ${id}, or it is over.`);
    return record;
  }

  /**
   * Takes all of the virtual machine and keeps it still. Once this has succeeded the source may decide; before, nothing of it
   * matters.
   * @throws MigrationRefusedError nothing is kept
   */
  async transfer(peer: string, id: string, octets: Uint8Array): Promise<void> {
    const parts = this.#parts;
    const found = this.expect(peer, id);
    const received = toHex(hash('sha256', octets));
    await parts.locks.run(found.vm.uuid, async () => {
      const record = this.find(id);
      if (record?.phase === 'prepared' && record.received === received) return;
      if (record?.phase !== 'reserved') throw no('migration_used', `Migration ${id} was transferred before.`);
      try {
        await this.#receive(record, decodeCargo(octets), received);
      } catch (error) {
        await dropIncoming(parts, record, messageOf(error));
        throw error instanceof MigrationRefusedError ? error : no('not_received', `${messageOf(error)}.`);
      } finally {
        if (this.find(id)?.phase !== 'reserved') this.#promised.delete(id);
      }
    });
  }

  async #receive(record: IncomingMigration, cargo: MigrationCargo, received: string): Promise<void> {
    const parts = this.#parts;
    const { vm } = record;
    const promised = this.#promised.get(record.id);
    if (promised === undefined) throw no('promise_lost', 'This host was started again since it made its promise.');
    if (!equalBytes(Buffer.from(cargo.digest), Buffer.from(record.digest)))
      throw no('other_proposal', 'What came belongs to another proposal.');
    if (!samePolicy(promised.policy, enforcedPolicy(parts)))
      throw no('policy_mismatch', 'Another policy was enabled on this host on the way.');
    if ((cargo.tpm !== null) !== vm.tpm) throw no('incomplete', 'The virtual TPM did not come with its machine.');
    if (cargo.tpm !== null) await parts.vtpms.import(vm.uuid, cargo.tpm, tpmRecord(parts, record, 'import vTPM'));
    const { reservation } = promised;
    if (reservation !== null) {
      if (cargo.memory === null) throw no('incomplete', 'The memory did not come with its machine.');
      await parts.hypervisor.receive(await domainOf(parts, vm), cargo.memory, reservation.permit);
      reservation.commit();
      parts.monitor.paused(vm.uuid);
    }
    const { logs } = cargo;
    await parts.inventory.change((change) => {
      if (logs !== null) parts.boot.keepIn(change.tx, vm.uuid, logs.events, logs.measurements);
      change.putMigration({ ...record, phase: 'prepared', received });
    });
  }

  /** The source has decided that the virtual machine goes: it is this host's from now on. May be repeated. */
  async commit(peer: string, id: string): Promise<ArrivalOutcome> {
    const found = this.find(id);
    if (found === undefined) return this.#over(peer, id);
    if (found.peer !== peer) return 'unknown';
    return this.#parts.locks.run(found.vm.uuid, async () => {
      const record = this.find(id);
      if (record === undefined) return this.#over(peer, id);
      if (record.phase === 'reserved') throw no('not_transferred', `Migration ${id} was not transferred.`);
      await this.accept(record);
      return 'here';
    });
  }

  /** Makes it true first and then so: whatever fails afterwards is this host's to repair. The caller holds the machine. */
  async accept(record: IncomingMigration, byHand = false): Promise<void> {
    const parts = this.#parts;
    const accepted: IncomingMigration = { ...record, phase: 'accepted' };
    if (record.phase !== 'accepted') await parts.inventory.change((change) => change.putMigration(accepted));
    try {
      await takeOver(parts, accepted, byHand);
    } catch (error) {
      parts.log.error('migrated machine not taken over yet', { vm: record.vm.uuid, error: messageOf(error) });
    }
  }

  /** The source has decided that the virtual machine stays. May be repeated, and may come before what it ends. */
  async abort(peer: string, id: string): Promise<ArrivalOutcome> {
    const found = this.find(id);
    if (found === undefined) {
      const end = await this.#over(peer, id);
      if (end === 'unknown') await this.#neverMind(peer, id);
      return end === 'unknown' ? 'aborted' : end;
    }
    if (found.peer !== peer) return 'unknown';
    return this.#parts.locks.run(found.vm.uuid, async () => {
      const record = this.find(id);
      if (record === undefined) return this.#over(peer, id);
      if (record.phase === 'accepted') return 'here';
      await this.drop(record, 'the source keeps it');
      return 'aborted';
    });
  }

  /** The caller holds the machine. */
  async drop(record: IncomingMigration, why: string, byHand = false): Promise<void> {
    await dropIncoming(this.#parts, record, why, byHand);
    this.#promised.delete(record.id);
  }

  async #release(record: IncomingMigration): Promise<void> {
    this.#promised.get(record.id)?.reservation?.abort();
    this.#promised.delete(record.id);
    this.#parts.monitor.left(record.vm.uuid);
  }

  /** A word that overtook the question: the question is refused when it comes. */
  async #neverMind(peer: string, id: string): Promise<void> {
    const { inventory, clock } = this.#parts;
    const past = { id, direction: 'in', vm: '', name: '', peer, end: 'stayed', ended: clock.now() } as const;
    await inventory.change((change) => remember(change.tx, past));
  }

  async #over(peer: string, id: string): Promise<ArrivalOutcome> {
    const past = pastMigration(this.#parts.store, id);
    if (past === undefined || past.peer !== peer || past.direction !== 'in') return 'unknown';
    return past.end === 'moved' ? 'here' : 'aborted';
  }

  find(id: string): IncomingMigration | undefined {
    for (const record of this.#parts.inventory.migrations()) {
      if (record.direction === 'in' && record.id === id) return record;
    }
    return undefined;
  }
}
