import type { Store } from '../../store/index.js';
import { prefixEnd } from '../../store/index.js';
import type { Subject } from '../evidence/index.js';
import type { Verdict } from '../verdict/index.js';
import { decodeRecord, decodeVerdict, emptyRecord, encodeRecord, keys, type SubjectRecord } from './record.js';

const keptVerdicts = 200;

/** Durable records of subjects and the history of their verdicts. */
export class Records {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(subject: Subject): SubjectRecord {
    const text = this.#store.get('attestation', keys.subject(subject));
    return text === undefined ? emptyRecord(subject) : decodeRecord(text);
  }

  /** Changes a record; a new verdict also goes into the history. */
  async update(subject: Subject, change: (before: SubjectRecord) => SubjectRecord): Promise<SubjectRecord> {
    return this.#store.transaction((tx) => {
      const text = tx.get('attestation', keys.subject(subject));
      const before = text === undefined ? emptyRecord(subject) : decodeRecord(text);
      const after = change(before);
      tx.put('attestation', keys.subject(subject), encodeRecord(after));
      if (after.verdict !== null && after.verdict.id !== before.verdict?.id) {
        const prefix = keys.history(subject);
        const rows = tx.range('attestation', prefix, prefixEnd(prefix), keptVerdicts + 1);
        const last = rows.at(-1)?.key.slice(prefix.length) ?? '0';
        tx.put('attestation', keys.verdict(subject, Number(last) + 1), encodeRecord(after.verdict));
        const oldest = rows[0];
        if (rows.length >= keptVerdicts && oldest !== undefined) tx.delete('attestation', oldest.key);
      }
      return after;
    });
  }

  history(subject: Subject, limit: number): Verdict[] {
    const prefix = keys.history(subject);
    const rows = this.#store.range('attestation', prefix, prefixEnd(prefix), keptVerdicts + 1);
    return rows
      .slice(Math.max(0, rows.length - limit))
      .reverse()
      .map(({ value }) => decodeVerdict(value));
  }

  subjects(): Subject[] {
    const found: Subject[] = [];
    let from: string = keys.subjects;
    for (;;) {
      const rows = this.#store.range('attestation', from, prefixEnd(keys.subjects), 1000);
      for (const { value } of rows) found.push(decodeRecord(value).subject);
      const last = rows.at(-1);
      if (rows.length < 1000 || last === undefined) return found;
      from = `${last.key}\0`;
    }
  }
}
