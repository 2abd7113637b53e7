import { TvdcError } from '../../base/index.js';
import { prefixEnd, type StoreReader, type StoreTransaction } from '../../store/index.js';
import type { AssignedLabel, LabelView, ResourceLabelEntry, VmLabelEntry } from './assigned.js';

const vmPrefix = 'label/vm/';
const resourcePrefix = 'label/resource/';
const pageSize = 1000;

/** What a transaction changed; to be handed to {@link LabelRegistry.apply} once it is on disk. */
export interface LabelWrite {
  readonly kind: 'vm' | 'resource';
  readonly key: string;
  readonly label: AssignedLabel | null;
  readonly uuid?: string;
}

type Stored = AssignedLabel & { readonly uuid?: string };

function readStored(key: string, value: unknown): Stored {
  const fields = value as Partial<Record<'policy' | 'label' | 'state' | 'uuid', unknown>>;
  const { policy, label, state, uuid } = fields;
  const sound =
    typeof policy === 'string' && typeof label === 'string' && (state === 'valid' || state === 'invalidated');
  if (!sound) throw new TvdcError('acm_state_damaged', `stored label ${key} cannot be read`);
  return { policy, label, state, ...(typeof uuid === 'string' ? { uuid } : {}) };
}

function* entries(store: StoreReader, prefix: string): Generator<[string, Stored]> {
  const end = prefixEnd(prefix);
  let from = prefix;
  for (;;) {
    const page = store.range('acm', from, end, pageSize);
    for (const { key, value } of page) {
      if (typeof value !== 'string') throw new TvdcError('acm_state_damaged', `stored label ${key} cannot be read`);
      yield [key.slice(prefix.length), readStored(key, JSON.parse(value))];
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    from = `${last.key}\0`;
  }
}

/** Which element carries which label: the only authority. Reads are what is on disk; changes go through the monitor. */
export class LabelRegistry implements LabelView {
  readonly #vms = new Map<string, Stored>();
  readonly #resources = new Map<string, Stored>();

  /** @throws TvdcError `acm_state_damaged` */
  constructor(store: StoreReader) {
    for (const [vm, label] of entries(store, vmPrefix)) this.#vms.set(vm, label);
    for (const [resource, label] of entries(store, resourcePrefix)) this.#resources.set(resource, label);
  }

  vm(vm: string): AssignedLabel | undefined {
    return this.#vms.get(vm);
  }

  resource(name: string): ResourceLabelEntry | undefined {
    const label = this.#resources.get(name);
    return label === undefined ? undefined : { resource: name, ...label };
  }

  *vms(): Generator<VmLabelEntry> {
    for (const [vm, label] of this.#vms) yield { vm, ...label };
  }

  *resources(): Generator<ResourceLabelEntry> {
    for (const [resource, label] of this.#resources) yield { resource, ...label };
  }

  /** Writes changes inside a transaction; memory follows with {@link apply}. */
  write(tx: StoreTransaction, changes: readonly LabelWrite[]): void {
    for (const { kind, key, label, uuid } of changes) {
      const at = (kind === 'vm' ? vmPrefix : resourcePrefix) + key;
      if (label === null) tx.delete('acm', at);
      else {
        const { policy, label: name, state } = label;
        tx.put('acm', at, JSON.stringify({ policy, label: name, state, ...(uuid === undefined ? {} : { uuid }) }));
      }
    }
  }

  /** Makes changes visible that are on disk. */
  apply(changes: readonly LabelWrite[]): void {
    for (const { kind, key, label, uuid } of changes) {
      const map = kind === 'vm' ? this.#vms : this.#resources;
      if (label === null) map.delete(key);
      else {
        const { policy, label: name, state } = label;
        map.set(key, { policy, label: name, state, ...(uuid === undefined ? {} : { uuid }) });
      }
    }
  }
}
