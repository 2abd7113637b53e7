import { hashHex } from '../base/index.js';
import { canonicalJson, type JsonValue } from './canonical-json.js';

/** What happened, as the one who saw it hands it over. */
export interface JournalFact {
  /** Dotted name of the kind of event: `instance.created`, `access.denied`. */
  readonly kind: string;
  /** Account name; `system` for the host itself. */
  readonly actor: string;
  /** What it happened to, as its owner names it; null where there is nothing. */
  readonly subject: string | null;
  readonly facts?: Readonly<Record<string, JsonValue>>;
}

/** A fact in its place in the chain. */
export interface JournalEntry {
  /** `<host>:<sequence>` */
  readonly id: string;
  /** Counts from 1, without gaps. */
  readonly sequence: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  readonly kind: string;
  readonly actor: string;
  readonly subject: string | null;
  readonly facts: Readonly<Record<string, JsonValue>>;
  /** `hash` of the entry before; zeros for the first. */
  readonly previous: string;
  /** SHA-256, hexadecimal, over the canonical JSON of everything else. */
  readonly hash: string;
}

/** The end of a chain, or the place where what was cut off ended. */
export interface ChainPoint {
  readonly sequence: number;
  readonly hash: string;
}

export const chainStart: ChainPoint = { sequence: 0, hash: '0'.repeat(64) };

type Unsealed = Omit<JournalEntry, 'hash'>;

// Canonical JSON by hand: the members stand in the order of their names.
function canonicalText({ actor, facts, id, kind, previous, sequence, subject, time }: Unsealed): string {
  return (
    `{"actor":${JSON.stringify(actor)},"facts":${canonicalJson(facts)},"id":${JSON.stringify(id)},` +
    `"kind":${JSON.stringify(kind)},"previous":"${previous}","sequence":${sequence},` +
    `"subject":${JSON.stringify(subject)},"time":${time}}`
  );
}

function hashOfText(text: string): string {
  return hashHex('sha256', Buffer.from(text));
}

/** The hash that an entry must have. */
export function hashOfEntry(entry: Unsealed): string {
  return hashOfText(canonicalText(entry));
}

/** A fact in its place in the chain, and the text that is kept of it. */
export function sealEntry(
  host: string,
  after: ChainPoint,
  time: number,
  fact: JournalFact,
): { readonly entry: JournalEntry; readonly text: string } {
  const sequence = after.sequence + 1;
  const unsealed: Unsealed = {
    id: `${host}:${sequence}`,
    sequence,
    time,
    kind: fact.kind,
    actor: fact.actor,
    subject: fact.subject,
    facts: fact.facts ?? {},
    previous: after.hash,
  };
  const text = canonicalText(unsealed);
  const sealed = hashOfText(text);
  return { entry: { ...unsealed, hash: sealed }, text: `${text.slice(0, -1)},"hash":"${sealed}"}` };
}
