import { prefixEnd, type Store, type StoreTransaction } from '../../store/index.js';
import type { HostParts } from '../parts.js';

export const transitionKinds = [
  'define',
  'start',
  'stop',
  'pause',
  'unpause',
  'save',
  'restore',
  'destroy',
  'attach',
  'detach',
  'connect',
  'disconnect',
  'volume',
] as const;
export type TransitionKind = (typeof transitionKinds)[number];

/** Written before the first step of a transition and removed with its result: what a crash left is found by it. */
export interface Intent {
  /** The virtual machine; of kind `volume` the volume. */
  readonly vm: string;
  readonly kind: TransitionKind;
  readonly user: string;
  readonly begun: number;
  /** ACM names of volumes that are being made; without a record they are to be removed. */
  readonly volumes?: readonly string[];
}

const prefix = 'intent/';

export async function beginIntent(
  parts: HostParts,
  vm: string,
  kind: TransitionKind,
  user: string,
  volumes: readonly string[] = [],
): Promise<void> {
  const intent: Intent = { vm, kind, user, begun: parts.clock.now(), ...(volumes.length === 0 ? {} : { volumes }) };
  await parts.store.transaction((tx) => keepIntent(tx, intent));
}

/** Writes an intent again whose transition could be neither finished nor undone. */
export function keepIntent(tx: StoreTransaction, intent: Intent): void {
  tx.put('vmm', prefix + intent.vm, JSON.stringify(intent));
}

/** Belongs into the transaction that makes the transition's result durable. */
export function endIntent(tx: StoreTransaction, vm: string): void {
  tx.delete('vmm', prefix + vm);
}

export function openIntent(store: Store, vm: string): Intent | undefined {
  const value = store.get('vmm', prefix + vm);
  return typeof value === 'string' ? (JSON.parse(value) as Intent) : undefined;
}

export function openIntents(store: Store): readonly Intent[] {
  return store
    .range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER)
    .map((entry) => JSON.parse(entry.value as string) as Intent);
}
