import { join } from 'node:path';
import {
  createVerifier,
  openSqliteReferences,
  type ReferenceDatabase,
  type TrustAnchor,
  type Verifier,
} from '../../attestation/index.js';
import { type Clock, type Log, silentLog, systemClock, systemRandomness } from '../../base/index.js';
import type { NamedVerdict } from '../../providers/index.js';
import { openSqliteStore, prefixEnd, type Store } from '../../store/index.js';
import type { ActionRecord } from './actions.js';
import { Revocations } from './revocations.js';
import { Rounds } from './rounds.js';
import { storedAnchors } from './trust-anchors.js';

/** A verifier in this process, without an object manager: the command line as the challenging party. */
export interface LocalVerifier {
  readonly verifier: Verifier;
  readonly references: ReferenceDatabase;
  readonly rounds: Rounds;
  recordActions(records: readonly ActionRecord[]): Promise<void>;
  /** Newest first. */
  actions(): readonly ActionRecord[];
  close(): Promise<void>;
}

const actionPrefix = 'action/';
const mostActions = 1000;

function actionKey(record: ActionRecord, sequence: number): string {
  return `${actionPrefix}${String(record.time).padStart(15, '0')}-${String(sequence).padStart(6, '0')}`;
}

async function appendActions(store: Store, records: readonly ActionRecord[]): Promise<void> {
  await store.transaction((tx) => {
    records.forEach((record, sequence) => tx.put('attestation', actionKey(record, sequence), JSON.stringify(record)));
    const rows = tx.range('attestation', actionPrefix, prefixEnd(actionPrefix), mostActions * 2);
    for (const { key } of rows.slice(0, Math.max(0, rows.length - mostActions))) tx.delete('attestation', key);
  });
}

/**
 * Opens a verifier's folder: bindings, log positions, verdicts, references, trust anchors.
 * @param onVerdict told of verdicts that are news
 * @throws StoreError `store_locked` where another process, as a serving verifier, has it @throws ConfigurationError
 */
export function openLocalVerifier(
  folder: string,
  options: {
    readonly anchors?: readonly TrustAnchor[];
    readonly onVerdict?: (verdict: NamedVerdict, cleared: boolean) => void;
    readonly clock?: Clock;
    readonly log?: Log;
  } = {},
): LocalVerifier {
  const clock = options.clock ?? systemClock;
  const store = openSqliteStore(folder);
  const references = openSqliteReferences(join(folder, 'references.db'), clock);
  const anchors = [...storedAnchors(folder), ...(options.anchors ?? [])];
  const log = options.log ?? silentLog;
  const revocations = new Revocations({ anchors, store, clock, log });
  const verifier = createVerifier({
    references,
    anchors,
    get revocationLists() {
      return revocations.lists();
    },
    store,
    clock,
    randomness: systemRandomness,
  });
  const rounds = new Rounds(verifier, store, log, revocations, options.onVerdict ?? (() => undefined));
  return {
    verifier,
    references,
    rounds,
    recordActions: (records) => appendActions(store, records),
    actions: () =>
      store
        .range('attestation', actionPrefix, prefixEnd(actionPrefix), mostActions * 2)
        .map(({ value }) => JSON.parse(String(value)) as ActionRecord)
        .reverse(),
    async close() {
      await rounds.settle();
      await references.close();
      await store.close();
    },
  };
}
