import { messageOf } from '../../base/index.js';
import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import { type OutgoingMigration, vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { requireVm } from '../transitions/common.js';
import { holdVm } from '../transitions/transition.js';
import { encodeCargo, type MigrationCargo } from './cargo.js';
import { advance, leaveHost, recordOutgoing, tryEnd, undoOutgoing } from './outgoing-end.js';
import { pastMigration } from './past.js';
import { type DepartureOutcome, type MigrationPeer, type MigrationPeers, type Preparation } from './peer.js';
import {
  digestOf,
  enforcedPolicy,
  labelOfResource,
  labelOfVm,
  type MigrationProposal,
  proposalOf,
} from './proposal.js';
import { MigrationRefusedError, type Objection } from './refused.js';
import { tpmRecord } from './tpm-record.js';

/** What is known when the source's part is over. `decided`: it goes, but the destination could not be told yet. */
export interface MigrationResult {
  readonly id: string;
  readonly host: string;
  readonly outcome: 'moved' | 'decided';
}

export interface MigrateOptions {
  /** Identifier of the migration, where the caller wants to know it before it begins. */
  readonly id?: string;
  /** Told which share of all is done, from 0 to 1. */
  readonly progress?: (share: number) => void;
}

/** What is known of a destination before anything is sent. */
interface Attested {
  readonly host: string;
  readonly objections: readonly Objection[];
  /** Who says so, for the journal. */
  readonly sentence: string;
}

/** The source's side: asks, sends, decides, and leaves. */
export class OutgoingMigrations {
  readonly #parts: HostParts;
  readonly #peers: MigrationPeers;
  /** Migrations that a call of this process carries on; nobody else ends them meanwhile. */
  readonly #driven = new Set<string>();

  constructor(parts: HostParts, peers: MigrationPeers) {
    this.#parts = parts;
    this.#peers = peers;
  }

  isDriven(id: string): boolean {
    return this.#driven.has(id);
  }

  #peer(name: string): MigrationPeer {
    const peer = this.#peers.find(name);
    if (peer === undefined)
      throw new VmmError('invalid', [
        `"${name}" is not among the hosts that this one sends to: its list of peers does not name it`,
      ]);
    return peer;
  }

  async #attest(peer: MigrationPeer): Promise<Attested> {
    const host = await peer.identify();
    const { trusted, sentence } = await this.#peers.attest(peer, host);
    const objection = { reason: 'host_not_trusted', sentence, byPolicy: true };
    return { host: host.uuid, objections: trusted ? [] : [objection], sentence };
  }

  /**
   * All that stands against a migration, here and there; changes nothing.
   * @throws VmmError `not_found`, `wrong_state`, `migrating`, `invalid`: no such peer
   */
  async check(uuid: string, destination: string): Promise<readonly Objection[]> {
    const peer = this.#peer(destination);
    const vm = requireVm(this.#parts, uuid);
    const proposal = await proposalOf(this.#parts, vm, this.#parts.randomness.uuid());
    const { objections } = await this.#attest(peer);
    return [...objections, ...(await peer.check(proposal))];
  }

  /**
   * Moves a virtual machine that is off, runs or is paused to another host. Until the decision every failure leaves it here as
   * it was; after it the machine is the destination's.
   * @throws VmmError `not_found`, `wrong_state`, `migrating`, `invalid`, `driver_failed`
   * @throws MigrationRefusedError by the destination, or it is not trusted
   */
  async migrate(
    actor: Actor,
    uuid: string,
    destination: string,
    options: MigrateOptions = {},
  ): Promise<MigrationResult> {
    const { id = this.#parts.randomness.uuid(), progress = () => undefined } = options;
    const peer = this.#peer(destination);
    requireVm(this.#parts, uuid);
    const attested = await this.#attest(peer);
    if (attested.objections.length > 0) throw new MigrationRefusedError(attested.objections);
    progress(0.1);
    this.#driven.add(id);
    try {
      const { record, proposal } = await this.#begin(actor, uuid, peer, id);
      const decided = await this.#bringOver(record, proposal, peer, attested, progress);
      progress(0.9);
      return await this.#complete(decided, peer, attested.host);
    } finally {
      this.#driven.delete(id);
    }
  }

  /** From here on nothing else touches the virtual machine. */
  #begin(actor: Actor, uuid: string, peer: MigrationPeer, id: string) {
    const parts = this.#parts;
    const states = ['off', 'running', 'paused'] as const;
    return holdVm(parts, uuid, { states, what: 'migrate' }, async (vm) => {
      const proposal = await proposalOf(parts, vm, id);
      const record: OutgoingMigration = {
        direction: 'out',
        phase: 'proposed',
        id,
        vm,
        peer: peer.name,
        user: actor.user,
        begun: parts.clock.now(),
        digest: digestOf(proposal),
        policy: proposal.policy,
      };
      await parts.inventory.change((change) => change.putMigration(record));
      return { record, proposal };
    });
  }

  async #bringOver(
    begun: OutgoingMigration,
    proposal: MigrationProposal,
    peer: MigrationPeer,
    attested: Attested,
    progress: (share: number) => void,
  ): Promise<OutgoingMigration> {
    let record = begun;
    try {
      const promise = await peer.prepare(proposal);
      if (promise.host.uuid !== attested.host)
        throw new VmmError('invalid', ['another host answers there than was attested']);
      record = await advance(this.#parts, record, 'sending');
      progress(0.3);
      const cargo = await this.#collect(record, promise);
      await peer.transfer(record.id, encodeCargo(cargo));
      progress(0.8);
      return await this.#decide(record, proposal, attested.sentence);
    } catch (error) {
      return await this.#giveUp(record, peer, error);
    }
  }

  /** The guest stands still before its TPM goes, and both are whole here until the destination has them. */
  async #collect(record: OutgoingMigration, { offer, address, host }: Preparation): Promise<MigrationCargo> {
    const { hypervisor, vtpms, boot } = this.#parts;
    const { uuid, state, tpm } = record.vm;
    const memory = state === 'off' ? null : await hypervisor.sendOut(uuid, address);
    let exported: Uint8Array | null = null;
    if (tpm) {
      if (offer === null) throw new VmmError('invalid', ['the destination makes no offer for the virtual TPM']);
      const now = vtpms.get(uuid)?.state;
      if (now === 'running') await vtpms.suspend(uuid);
      else if (now === 'failed') await vtpms.powerOff(uuid);
      exported = await vtpms.export(uuid, offer, host.uuid, tpmRecord(this.#parts, record, 'export vTPM'));
    }
    const logs = boot.logs(uuid);
    const measurements = logs?.measurements(0, Number.MAX_SAFE_INTEGER).data;
    return {
      digest: record.digest,
      memory,
      tpm: exported,
      logs: logs === undefined || measurements === undefined ? null : { events: logs.eventLog, measurements },
    };
  }

  /** What was said of the virtual machine must still be so when it is decided that it goes. */
  #changedSince({ policy, label, vm, disks, ports }: MigrationProposal): string | null {
    const parts = this.#parts;
    const now = enforcedPolicy(parts);
    if (now.name !== policy.name || now.version !== policy.version || now.sha256 !== policy.sha256)
      return 'another policy was enabled on this host on the way';
    if (labelOfVm(parts, vm.uuid) !== label) return 'its label was changed on the way';
    for (const disk of disks)
      if (labelOfResource(parts, disk.resource) !== disk.label)
        return `the label of ${disk.name} was changed on the way`;
    for (const port of ports) {
      const vlan = vlanResource(port.vlanId);
      if (labelOfResource(parts, vlan) !== port.label) return `the label of ${vlan} was changed on the way`;
    }
    return null;
  }

  /** The point of no return: once this is on disk the virtual machine is the destination's. */
  async #decide(record: OutgoingMigration, proposal: MigrationProposal, why: string): Promise<OutgoingMigration> {
    const committed: OutgoingMigration = { ...record, phase: 'committed' };
    await this.#parts.inventory.change((change) => {
      const changed = this.#changedSince(proposal);
      if (changed !== null) throw new VmmError('invalid', [changed]);
      change.putMigration(committed);
      recordOutgoing(this.#parts, change, committed, 'decided', why);
    });
    return committed;
  }

  /** Nothing was decided, or not known to be: what is on disk says. @throws what went wrong, unless it goes after all */
  async #giveUp(record: OutgoingMigration, peer: MigrationPeer, error: unknown): Promise<OutgoingMigration> {
    const onDisk = this.#parts.inventory.migration(record.vm.uuid);
    // The decision itself may have reached the disk although its promise failed.
    if (onDisk?.direction === 'out' && onDisk.phase === 'committed') return onDisk;
    const refused = error instanceof MigrationRefusedError;
    const there = refused ? 'aborted' : await peer.abort(record.id).catch(() => null);
    if (there === 'here') return advance(this.#parts, record, 'committed');
    await tryEnd(this.#parts, record, () => undoOutgoing(this.#parts, record, messageOf(error)));
    throw error;
  }

  async #complete(record: OutgoingMigration, peer: MigrationPeer, host: string): Promise<MigrationResult> {
    const { id } = record;
    let end: 'moved' | 'stayed' | null = null;
    try {
      end = await this.tell(record, peer);
    } catch (error) {
      this.#parts.log.warn('destination not told yet', { vm: record.vm.uuid, id, error: messageOf(error) });
    }
    if (end === 'stayed') throw new VmmError('invalid', [`${record.vm.name} was turned away by hand at ${peer.name}`]);
    return { id, host, outcome: end === 'moved' ? 'moved' : 'decided' };
  }

  /**
   * Tells the destination of the decision and acts on what it says.
   * @returns null: it knows nothing of the migration, so nothing can be done
   * @throws Error it cannot be asked
   */
  async tell(record: OutgoingMigration, peer: MigrationPeer): Promise<'moved' | 'stayed' | null> {
    const there = record.phase === 'leaving' ? 'here' : await peer.commit(record.id);
    switch (there) {
      case 'here':
        await tryEnd(this.#parts, record, () => leaveHost(this.#parts, record));
        return 'moved';
      case 'aborted':
        // Only by hand: nothing of it is there, and all of it is still here.
        await undoOutgoing(this.#parts, record, 'it was turned away by hand at the destination');
        return 'stayed';
      case 'unknown':
        return null;
    }
  }

  /** What a destination that has heard no decision is to believe. */
  outcome(peer: string, id: string): DepartureOutcome {
    const record = this.find(id);
    if (record === undefined) {
      const past = pastMigration(this.#parts.store, id);
      if (past === undefined) return 'stayed';
      return past.direction === 'out' && past.peer === peer ? past.end : 'undecided';
    }
    if (record.peer !== peer) return 'undecided';
    if (record.phase === 'committed' || record.phase === 'leaving') return 'moved';
    return record.phase === 'aborting' ? 'stayed' : 'undecided';
  }

  find(id: string): OutgoingMigration | undefined {
    for (const record of this.#parts.inventory.migrations()) {
      if (record.direction === 'out' && record.id === id) return record;
    }
    return undefined;
  }
}
