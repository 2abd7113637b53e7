import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, TvdcError } from '../../base/index.js';
import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import type { IncomingMigration, Migration, OutgoingMigration } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { IncomingMigrations } from './incoming.js';
import { type MigrateOptions, type MigrationResult, OutgoingMigrations } from './outgoing.js';
import { tryEnd, undoOutgoing } from './outgoing-end.js';
import { pastMigration, pastMigrations, remember } from './past.js';
import type { ArrivalOutcome, DepartureOutcome, MigrationPeer, MigrationPeers, Preparation } from './peer.js';
import type { MigrationProposal } from './proposal.js';
import type { Objection } from './refused.js';

/** Milliseconds for which a place is kept for a source that says nothing more. */
const placeKept = 600_000;

/** Milliseconds. */
const askedAgainAfter = 1000;

/** What an operator may decide where the other host is gone for good. */
export const handDecisions = ['take-back', 'accept', 'discard'] as const;
export type HandDecision = (typeof handDecisions)[number];

/**
 * Migrations between this host and its peers, as a two-phase commit that the source coordinates.
 *
 * ```
 * source                                destination
 * proposed ── prepare ────────────────► decides; reserved
 * sending ── transfer (state) ────────► prepared: holds all of it, still
 * committed  ◄ the point of no return
 *          ── commit ─────────────────► accepted; the machine is here and goes on
 * leaving ◄─ here ──                    over
 * over
 * ```
 *
 * Each arrow into a phase is a durable write; each step may be repeated. Until `committed` is on the source's disk the machine
 * is the source's, whatever fails: `aborting` takes back what was done, and the destination, which never begins by itself,
 * drops what it holds when it asks. From then on it is the destination's, and the source tells it until it answers; it keeps
 * all it has until then. So the machine is on exactly one host; where neither can ask the other it is held, and starts on none.
 * A source that was down while it was `sending` asks before it goes on: somebody may have accepted the machine by hand.
 */
export class Migrations {
  readonly incoming: IncomingMigrations;
  readonly outgoing: OutgoingMigrations;
  readonly #parts: HostParts;
  readonly #peers: MigrationPeers;

  constructor(parts: HostParts, peers: MigrationPeers) {
    this.#parts = parts;
    this.#peers = peers;
    this.incoming = new IncomingMigrations(parts);
    this.outgoing = new OutgoingMigrations(parts, peers);
  }

  /** See {@link OutgoingMigrations.migrate}. */
  migrate(actor: Actor, uuid: string, destination: string, options?: MigrateOptions): Promise<MigrationResult> {
    return this.outgoing.migrate(actor, uuid, destination, options);
  }

  /** See {@link OutgoingMigrations.check}. */
  check(uuid: string, destination: string): Promise<readonly Objection[]> {
    return this.outgoing.check(uuid, destination);
  }

  /** The peer that an account belongs to. @throws TvdcError `not_a_peer` */
  #peerOf(user: string): MigrationPeer {
    const peer = this.#peers.ofAccount(user);
    if (peer === undefined)
      throw new TvdcError('not_a_peer', `${user} is not the account of a host that this one knows`);
    return peer;
  }

  /** Names of the hosts to which this one sends. */
  destinations(): readonly string[] {
    return this.#peers.names();
  }

  /** A source asks what stands against a machine of its. @throws TvdcError `not_a_peer` */
  async checkFor(actor: Actor, proposal: MigrationProposal): Promise<readonly Objection[]> {
    this.#peerOf(actor.user);
    return this.incoming.check(proposal);
  }

  /** A source asks for a place. @throws MigrationRefusedError @throws TvdcError `not_a_peer` */
  async prepareFor(actor: Actor, proposal: MigrationProposal): Promise<Preparation> {
    const peer = this.#peerOf(actor.user);
    const earlier = this.#parts.inventory.migration(proposal.vm.uuid);
    // A source that gave up an earlier attempt may not have been able to say so.
    if (earlier?.direction === 'in' && earlier.id !== proposal.id && earlier.peer === peer.name) {
      await this.#resolveIncoming(earlier).catch(() => undefined);
    }
    return this.incoming.prepare(actor, peer.name, proposal);
  }

  /** Whether a source may send anything for a migration: it is a peer, and a place is kept. @throws MigrationRefusedError @throws TvdcError `not_a_peer` */
  expects(actor: Actor, id: string): void {
    this.incoming.expect(this.#peerOf(actor.user).name, id);
  }

  /** A source sends what is to come. @throws MigrationRefusedError @throws TvdcError `not_a_peer` */
  async transferFor(actor: Actor, id: string, cargo: Uint8Array): Promise<void> {
    await this.incoming.transfer(this.#peerOf(actor.user).name, id, cargo);
  }

  /** A source has decided. @throws MigrationRefusedError @throws TvdcError `not_a_peer` */
  async commitFor(actor: Actor, id: string): Promise<ArrivalOutcome> {
    return this.incoming.commit(this.#peerOf(actor.user).name, id);
  }

  /** A source keeps its machine. @throws TvdcError `not_a_peer` */
  async abortFor(actor: Actor, id: string): Promise<ArrivalOutcome> {
    return this.incoming.abort(this.#peerOf(actor.user).name, id);
  }

  /** A destination asks what was decided. @throws TvdcError `not_a_peer` */
  async outcomeFor(actor: Actor, id: string): Promise<DepartureOutcome> {
    return this.outgoing.outcome(this.#peerOf(actor.user).name, id);
  }

  /**
   * Waits until a migration from here is over, asking from time to time.
   * @throws VmmError `interrupted`: the machine stayed @throws the signal's reason
   */
  async untilEnded(id: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const past = pastMigration(this.#parts.store, id);
      if (past?.end === 'moved') return;
      const record = this.outgoing.find(id);
      if (record === undefined) throw new VmmError('interrupted', [`migrate ${past?.name ?? id}`, 'it stayed here']);
      signal.throwIfAborted();
      await wait(askedAgainAfter, undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
      await this.#resolve(record).catch(() => undefined);
    }
  }

  /** Ends what can be ended: after a start of this process, and from time to time. What no peer answers to stays as it is. */
  async resolve(): Promise<void> {
    // Side by side: a host that does not answer keeps nobody else waiting.
    const open = [...this.#parts.inventory.migrations()].map((migration) =>
      this.#resolve(migration).catch((error: unknown) => {
        const { id, vm, peer } = migration;
        this.#parts.log.warn('migration still open', { vm: vm.uuid, id, peer, error: messageOf(error) });
      }),
    );
    await Promise.all(open);
    await this.#tellByHand();
  }

  async #resolve(migration: Migration): Promise<void> {
    if (migration.direction === 'in') await this.#resolveIncoming(migration);
    else if (!this.outgoing.isDriven(migration.id)) await this.#resolveOutgoing(migration);
  }

  async #resolveOutgoing(record: OutgoingMigration): Promise<void> {
    switch (record.phase) {
      case 'proposed':
      case 'aborting':
        await undoOutgoing(this.#parts, record, 'it was not decided when this host ended');
        return;
      case 'sending': {
        const there = await this.#ask(record).abort(record.id);
        if (there === 'here') await tryEnd(this.#parts, record, async () => void (await this.#tell(record)));
        else await undoOutgoing(this.#parts, record, 'it was not decided when this host ended');
        return;
      }
      case 'committed':
      case 'leaving':
        await this.#tell(record);
    }
  }

  async #tell(record: OutgoingMigration): Promise<void> {
    await this.outgoing.tell(record, this.#ask(record));
  }

  #ask(record: Migration): MigrationPeer {
    const peer = this.#peers.find(record.peer);
    if (peer === undefined) throw new TvdcError('not_a_peer', `${record.peer} is not among the peers any more`);
    return peer;
  }

  async #resolveIncoming(record: IncomingMigration): Promise<void> {
    if (record.phase === 'accepted') {
      await this.#held(record, (now) => this.incoming.accept(now));
      return;
    }
    let decided: DepartureOutcome;
    try {
      decided = await this.#ask(record).outcome(record.id);
    } catch (error) {
      // It has promised nothing yet that the source could rely on.
      const lapsed = record.phase === 'reserved' && this.#parts.clock.now() - record.begun > placeKept;
      if (!lapsed) throw error;
      decided = 'stayed';
    }
    if (decided === 'undecided') return;
    await this.#held(record, (now) =>
      decided === 'moved' && now.phase !== 'reserved'
        ? this.incoming.accept(now)
        : this.incoming.drop(now, 'the source keeps it'),
    );
  }

  /** Under the lock of its machine, if it is still where it was. */
  #held(record: IncomingMigration, work: (now: IncomingMigration) => Promise<void>): Promise<void> {
    return this.#parts.locks.run(record.vm.uuid, async () => {
      const now = this.incoming.find(record.id);
      if (now?.phase === record.phase) await work(now);
    });
  }

  /**
   * Ends a migration by hand where the other host is gone for good. `take-back`: the source has the machine again; `accept`:
   * the destination has it; `discard`: the destination drops it. Refused while the other host answers.
   * @throws VmmError `not_found` no such migration, `wrong_state` it is not in doubt, `in_use` the other host answers
   */
  async decideByHand(actor: Actor, uuid: string, decision: HandDecision): Promise<void> {
    const record = this.#parts.inventory.migration(uuid);
    if (record === undefined) throw new VmmError('not_found', [`migration of ${uuid}`]);
    const { peer, id } = record;
    const doubtful =
      record.direction === 'out'
        ? decision === 'take-back' && (record.phase === 'sending' || record.phase === 'committed')
        : decision !== 'take-back' && record.phase === 'prepared';
    if (!doubtful || this.outgoing.isDriven(id)) {
      const wanted = decision === 'take-back' ? 'sending or committed, and not under way' : 'prepared';
      throw new VmmError('wrong_state', [record.vm.name, record.phase, decision, wanted]);
    }
    if (await this.#answers(record)) {
      await this.#resolve(record).catch(() => undefined);
      throw new VmmError('in_use', [record.vm.name, `${peer}, which answers: it is ended by asking it`]);
    }
    const mine = { ...record, user: actor.user };
    if (mine.direction === 'out') await undoOutgoing(this.#parts, mine, `${peer} does not answer`, true);
    else if (decision === 'accept') await this.#held(mine, () => this.incoming.accept(mine, true));
    else await this.#held(mine, () => this.incoming.drop(mine, `${peer} does not answer`, true));
  }

  async #answers(record: Migration): Promise<boolean> {
    return (await this.#peers.find(record.peer)?.answers()) ?? false;
  }

  /** A host that was thought gone and answers again hears how its migrations were ended by hand; two machines are an alert. */
  async #tellByHand(): Promise<void> {
    for (const past of pastMigrations(this.#parts.store)) {
      const peer = past.untold === true ? this.#peers.find(past.peer) : undefined;
      if (peer === undefined) continue;
      try {
        const there = past.direction === 'out' ? await peer.abort(past.id) : await peer.outcome(past.id);
        if (there === 'undecided') continue;
        const two = past.direction === 'out' ? there === 'here' : past.end === 'moved' && there === 'stayed';
        const { untold: _untold, ...told } = past;
        const sentence = `${past.name} was taken by hand while ${past.peer} has it too: end one of the two`;
        const recordId = await this.#parts.store.transaction((tx) => {
          remember(tx, told);
          if (!two) return '';
          const facts = { migration: past.id, sentence };
          return this.#parts.journal.append(tx, { kind: 'violation', actor: 'system', subject: past.vm, facts }).id;
        });
        if (two) this.#parts.events.emit({ kind: 'violation', recordId, sentence });
      } catch {
        // It still does not answer.
      }
    }
  }
}
