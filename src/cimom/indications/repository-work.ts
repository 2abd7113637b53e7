import type { Clock, Randomness } from '../../base/index.js';
import { type CimInstance, isCimArray, type CimValue } from '../../cim/model/index.js';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { Journal, JournalFact, StoreTransaction } from '../../store/index.js';
import type { ChangeWork, Repository, RepositoryChange } from '../repository/index.js';
import type { Caller } from '../security/index.js';
import { createLifeCycleIndication, lifeCycleClass } from './life-cycle.js';
import type { IndicationSink } from './sink.js';

/** What goes with every change of the repository, in its transaction; undefined: nothing does. */
export type RepositoryWork = (caller: Caller) => ChangeWork | undefined;

interface Parts {
  readonly repository: Repository;
  readonly sink: IndicationSink;
  readonly journal: Journal | null;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly host: string;
}

function equalValues(a: CimValue | undefined, b: CimValue | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a === null || b === null) return false;
  if (isCimArray(a)) return isCimArray(b) && a.length === b.length && a.every((item, at) => equalValues(item, b[at]));
  if (isCimArray(b) || typeof a !== 'object' || typeof b !== 'object') return false;
  if (a.kind === 'datetime') return b.kind === 'datetime' && a.text === b.text;
  if (a.kind === 'instance-path' || a.kind === 'class-path') {
    if (b.kind !== 'instance-path' && b.kind !== 'class-path') return false;
    return formatObjectPath(a, 'uri') === formatObjectPath(b, 'uri');
  }
  return false;
}

function changedNames(before: CimInstance, after: CimInstance): string[] {
  return after.shape.properties
    .filter((_property, at) => !equalValues(before.values[at], after.values[at]))
    .map((property) => property.name);
}

function verb(change: { readonly before: unknown; readonly after: unknown }): string {
  if (change.before === null) return 'created';
  return change.after === null ? 'deleted' : 'modified';
}

/** The journal's entry for a change: who changed what, without the values. */
function factOf(change: RepositoryChange, caller: Caller): JournalFact {
  const actor = caller.user;
  const { namespace } = change;
  const facts = { namespace, address: caller.address };
  switch (change.kind) {
    case 'instance': {
      const subject = formatObjectPath({ ...change.path, host: null, namespace }, 'uri');
      const changed = change.before !== null && change.after !== null ? changedNames(change.before, change.after) : [];
      return { kind: `instance.${verb(change)}`, actor, subject, facts: { ...facts, changed } };
    }
    case 'class':
      return { kind: `class.${verb(change)}`, actor, subject: (change.after ?? change.before)?.name ?? null, facts };
    case 'qualifier-type':
      return {
        kind: `qualifier.${verb(change)}`,
        actor,
        subject: (change.after ?? change.before)?.name ?? null,
        facts,
      };
    case 'namespace':
      return { kind: change.created ? 'namespace.created' : 'namespace.deleted', actor, subject: namespace, facts };
  }
}

/** Journal entry and life-cycle indication for each change that the object manager makes to the repository. */
export function createRepositoryWork(parts: Parts): RepositoryWork {
  const { journal, sink, repository } = parts;
  const indicate = (tx: StoreTransaction, change: RepositoryChange): void => {
    const name = lifeCycleClass(change);
    if (name === null || !sink.wants(change.namespace, name)) return;
    const cls = repository.space(change.namespace)?.schema.get(name);
    const indication = cls === undefined ? null : createLifeCycleIndication(cls, change, parts);
    if (indication !== null) sink.publish(change.namespace, indication, tx);
  };
  return (caller) => (tx, change) => {
    journal?.append(tx, factOf(change, caller));
    indicate(tx, change);
  };
}
