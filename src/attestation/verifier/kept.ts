import { createHash } from 'node:crypto';
import { equalBytes, type TimeSlice } from '../../base/index.js';
import type { Store, StoreTransaction } from '../../store/index.js';
import { ImaReader } from '../../tpm/logs/index.js';
import type { AppraisalPolicy } from '../appraise/index.js';
import type { AssertedEvidence, Evidence, Subject } from '../evidence/index.js';
import { decodeKept, encodeRecord, type KeptPart, keptParts, keys } from './record.js';
import type { KeptFacts } from './kept-facts.js';

/** Evidence as it goes to be kept. */
export interface KeptInput {
  readonly facts: Omit<KeptFacts, 'boot' | 'isolation' | 'before' | 'whole'>;
  readonly evidence: Evidence | AssertedEvidence;
  readonly policy: AppraisalPolicy;
  /** The verdict whose log this one continues. */
  readonly before: number | null;
  /** Entries since boot, where the quote has proven that the log holds so many; null: not known. */
  readonly entries: number | null;
}

interface KeptLog extends Pick<KeptFacts, 'start' | 'before' | 'whole'> {
  readonly data: Uint8Array;
}

/**
 * What of a log is stored. Who is not trusted is asked for the whole log in every round: of one that goes on from the log of
 * the verdict before, only what is new.
 */
function logToKeep({ facts, evidence, before, entries }: KeptInput, last: KeptFacts | null, sequence: number): KeptLog {
  const { start, format } = facts;
  const { data } = evidence.measurements;
  if (start !== 0 || format !== 'binary' || entries === null) return { start, before, data };
  const digest = createHash('sha256');
  const known = last?.format === 'binary' ? last.whole : undefined;
  const prefix = known !== undefined && known.octets <= data.length ? known.octets : 0;
  digest.update(data.subarray(0, prefix));
  const goesOn = prefix > 0 && digest.copy().digest('hex') === known?.sha256;
  digest.update(data.subarray(prefix));
  const whole = { entries, octets: data.length, sha256: digest.digest('hex') };
  if (!goesOn || known === undefined) return { start, before, data, whole };
  return { start: known.entries, before: sequence - 1, data: data.subarray(prefix), whole };
}

/** Kept evidence put together again: the log from entry 0 on. */
export interface KeptEvidence {
  readonly facts: KeptFacts;
  readonly log: Uint8Array;
  readonly boot: Uint8Array | null;
  readonly isolation: Uint8Array | null;
}

type Reader = Pick<Store, 'get'>;

function octets(reader: Reader, subject: Subject, sequence: number | null, part: KeptPart): Uint8Array | null {
  if (sequence === null) return null;
  const value = reader.get('attestation', keys.kept(subject, sequence, part));
  return value instanceof Uint8Array ? value : null;
}

function factsAt(reader: Reader, subject: Subject, sequence: number): KeptFacts | null {
  const text = reader.get('attestation', keys.kept(subject, sequence, 'facts'));
  return text === undefined ? null : decodeKept(text);
}

/** Stores evidence in the transaction of its verdict; event logs that did not change since the last one are not repeated. */
export function keepEvidence(tx: StoreTransaction, subject: Subject, sequence: number, input: KeptInput): void {
  const { evidence, policy } = input;
  const last = factsAt(tx, subject, sequence - 1);
  const place = (part: 'boot' | 'isolation', bytes: Uint8Array | undefined): number | null => {
    if (bytes === undefined) return null;
    const known = octets(tx, subject, last?.[part] ?? null, part);
    if (known !== null && equalBytes(known, bytes)) return last?.[part] ?? null;
    tx.put('attestation', keys.kept(subject, sequence, part), bytes);
    return sequence;
  };
  const boot = place('boot', evidence.eventLog);
  const isolation = place('isolation', 'isolationLog' in evidence ? evidence.isolationLog : undefined);
  const { data, ...log } = logToKeep(input, last, sequence);
  const facts: KeptFacts = { ...input.facts, ...log, boot, isolation };
  tx.put('attestation', keys.kept(subject, sequence, 'facts'), encodeRecord(facts));
  tx.put('attestation', keys.kept(subject, sequence, 'log'), data);
  const policyKey = keys.policy(input.facts.policyDigest);
  if (tx.get('attestation', policyKey) === undefined) tx.put('attestation', policyKey, JSON.stringify(policy));
}

/** The octets of the first entries of a binary list, leaving the event loop to others. */
async function prefix(log: Uint8Array, entries: number, slice: TimeSlice): Promise<Uint8Array> {
  const reader = new ImaReader(log);
  while (reader.index < entries && reader.next() !== null) if ((reader.index & 1023) === 0) await slice.pause();
  return log.subarray(0, reader.offset);
}

/** Kept evidence of a verdict with its whole log; null where it is not (or no longer) kept. */
export async function readKept(
  reader: Reader,
  subject: Subject,
  sequence: number,
  slice: TimeSlice,
): Promise<KeptEvidence | null> {
  const facts = factsAt(reader, subject, sequence);
  if (facts === null) return null;
  const parts: { readonly start: number; readonly log: Uint8Array }[] = [];
  let cut = Infinity;
  for (let at: number | null = sequence; at !== null; ) {
    const part = factsAt(reader, subject, at);
    const log = octets(reader, subject, at, 'log');
    if (part === null || log === null) return null;
    // A later round may begin before the end of what an earlier one has brought.
    if (part.start < cut) {
      parts.push({ start: part.start, log: cut === Infinity ? log : await prefix(log, cut - part.start, slice) });
      cut = part.start;
    }
    at = part.before;
  }
  if (cut !== 0) return null;
  return {
    facts,
    log: new Uint8Array(Buffer.concat(parts.reverse().map(({ log }) => log))),
    boot: octets(reader, subject, facts.boot, 'boot'),
    isolation: octets(reader, subject, facts.isolation, 'isolation'),
  };
}

/**
 * Forgets the kept evidence of verdicts before `oldest`. Later evidence that builds on it takes over what it needs.
 * Not one transaction: whoever dies in between leaves evidence that is kept longer than it had to be.
 */
export async function forgetKept(
  store: Store,
  subject: Subject,
  range: { readonly from: number; readonly oldest: number; readonly last: number },
  slice: TimeSlice,
): Promise<void> {
  for (let sequence = range.oldest; sequence <= range.last; sequence++) {
    const facts = factsAt(store, subject, sequence);
    if (facts === null) continue;
    const { before, boot, isolation } = facts;
    const builds = [before, boot, isolation].some((place) => place !== null && place < range.oldest);
    if (!builds) continue;
    const whole = await readKept(store, subject, sequence, slice);
    await store.transaction((tx) => {
      const bring = (part: 'boot' | 'isolation', bytes: Uint8Array | null, place: number | null): number | null => {
        if (bytes === null || place === null || place >= range.oldest) return place;
        tx.put('attestation', keys.kept(subject, sequence, part), bytes);
        return sequence;
      };
      const moved: KeptFacts = {
        ...facts,
        ...(whole !== null && before !== null && before < range.oldest ? { start: 0, before: null } : {}),
        boot: bring('boot', whole?.boot ?? null, boot),
        isolation: bring('isolation', whole?.isolation ?? null, isolation),
      };
      if (moved.before === null && whole !== null)
        tx.put('attestation', keys.kept(subject, sequence, 'log'), whole.log);
      tx.put('attestation', keys.kept(subject, sequence, 'facts'), encodeRecord(moved));
    });
    await slice.pause();
  }
  await store.transaction((tx) => {
    for (let sequence = range.from; sequence < range.oldest; sequence++) {
      for (const part of keptParts) tx.delete('attestation', keys.kept(subject, sequence, part));
    }
  });
}
