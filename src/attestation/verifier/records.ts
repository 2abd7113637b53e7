import { createTimeSlice } from '../../base/index.js';
import type { Store, StoreTransaction } from '../../store/index.js';
import { prefixEnd } from '../../store/index.js';
import type { AppraisalPolicy } from '../appraise/index.js';
import type { Subject } from '../evidence/index.js';
import type { Verdict } from '../verdict/index.js';
import { forgetKept, keepEvidence, type KeptEvidence, type KeptInput, readKept } from './kept.js';
import { decodeRecord, decodeVerdict, emptyRecord, encodeRecord, keys, type SubjectRecord } from './record.js';

/** Verdicts kept of each subject; the surplus is forgotten in one go when it has grown to as many again. */
const keptVerdicts = 200;

/** Records that are kept decoded; the rest is read again. */
const mostDecoded = 5000;

/** Durable records of subjects, the history of their verdicts, and the evidence behind them. */
export class Records {
  readonly #store: Store;
  readonly #most: number;
  /** As committed. What is being written is not in it, so that it is read from the store. */
  readonly #decoded = new Map<string, SubjectRecord>();

  constructor(store: Store, most = keptVerdicts) {
    this.#store = store;
    this.#most = most;
  }

  get(subject: Subject): SubjectRecord {
    return this.#read(this.#store, subject) ?? emptyRecord(subject);
  }

  #read(reader: Pick<Store, 'get'>, subject: Subject): SubjectRecord | null {
    const key = keys.subject(subject);
    const known = this.#decoded.get(key);
    if (known !== undefined) return known;
    const text = reader.get('attestation', key);
    return text === undefined ? null : decodeRecord(text);
  }

  #write(tx: StoreTransaction, record: SubjectRecord): void {
    const key = keys.subject(record.subject);
    this.#decoded.delete(key);
    tx.put('attestation', key, encodeRecord(record));
    tx.afterCommit(() => {
      const [oldest] = this.#decoded.keys();
      if (this.#decoded.size >= mostDecoded && oldest !== undefined) this.#decoded.delete(oldest);
      this.#decoded.set(key, record);
    });
  }

  /** Number of the last verdict; verdicts of older versions are found by looking. */
  #sequences(record: SubjectRecord): { readonly last: number; readonly oldest: number } {
    if (record.sequence !== undefined) return { last: record.sequence, oldest: record.oldest ?? 1 };
    const prefix = keys.history(record.subject);
    const rows = this.#store.range('attestation', prefix, prefixEnd(prefix), 10_000);
    const number = (key: string | undefined): number => Number(key?.slice(prefix.length) ?? '0');
    return { last: number(rows.at(-1)?.key), oldest: Math.max(1, number(rows[0]?.key)) };
  }

  /**
   * Changes a record; a new verdict also goes into the history, with the evidence that it was made from.
   * @param change is told the number that the verdict gets
   */
  async update(
    subject: Subject,
    change: (before: SubjectRecord, sequence: number) => SubjectRecord,
    kept: (verdict: Verdict) => KeptInput | null = () => null,
  ): Promise<SubjectRecord> {
    const record = await this.#store.transaction((tx) => {
      const before = this.#read(tx, subject) ?? emptyRecord(subject);
      const { last, oldest } = this.#sequences(before);
      const changed = change(before, last + 1);
      const isNew = changed.verdict !== null && changed.verdict.id !== before.verdict?.id;
      const after: SubjectRecord = { ...changed, sequence: isNew ? last + 1 : last, oldest };
      this.#write(tx, after);
      if (isNew && after.verdict !== null) {
        tx.put('attestation', keys.verdict(subject, last + 1), encodeRecord(after.verdict));
        const input = kept(after.verdict);
        if (input !== null) keepEvidence(tx, subject, last + 1, input);
      }
      return after;
    });
    await this.#forgetOld(record);
    return record;
  }

  async #forgetOld(record: SubjectRecord): Promise<void> {
    const { subject } = record;
    const { last, oldest: from } = this.#sequences(record);
    if (last - from + 1 < 2 * this.#most) return;
    const oldest = last - this.#most + 1;
    await forgetKept(this.#store, subject, { from, oldest, last }, createTimeSlice());
    await this.#store.transaction((tx) => {
      for (let sequence = from; sequence < oldest; sequence++)
        tx.delete('attestation', keys.verdict(subject, sequence));
      const present = this.#read(tx, subject);
      if (present !== null) this.#write(tx, { ...present, oldest });
    });
  }

  /** A verdict among the last ones, by its id. It is mostly the very last, so nothing more is read than has to be. */
  recent(subject: Subject, id: string): Verdict | null {
    const record = this.get(subject);
    if (record.verdict?.id === id) return record.verdict;
    return this.history(subject, 50).find((verdict) => verdict.id === id) ?? null;
  }

  /** Newest first. */
  history(subject: Subject, limit: number): Verdict[] {
    return this.#numbered(subject, limit).map(({ verdict }) => verdict);
  }

  #numbered(subject: Subject, limit: number): { readonly sequence: number; readonly verdict: Verdict }[] {
    const { last, oldest } = this.#sequences(this.get(subject));
    const most = Math.min(limit, this.#most);
    const from = keys.verdict(subject, Math.max(oldest, last - most + 1));
    const prefix = keys.history(subject);
    return this.#store
      .range('attestation', from, prefixEnd(prefix), most)
      .map(({ key, value }) => ({ sequence: Number(key.slice(prefix.length)), verdict: decodeVerdict(value) }))
      .reverse();
  }

  /** A verdict by its id, with the evidence where it is kept. */
  async kept(
    subject: Subject,
    verdictId: string,
  ): Promise<{ readonly verdict: Verdict; readonly evidence: KeptEvidence | null } | null> {
    const found = this.#numbered(subject, this.#most).find(({ verdict }) => verdict.id === verdictId);
    if (found === undefined) return null;
    return {
      verdict: found.verdict,
      evidence: await readKept(this.#store, subject, found.sequence, createTimeSlice()),
    };
  }

  /** A policy under which something was judged, by its digest. */
  policy(digest: string): AppraisalPolicy | null {
    const text = this.#store.get('attestation', keys.policy(digest));
    return text === undefined ? null : (JSON.parse(String(text)) as AppraisalPolicy);
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
