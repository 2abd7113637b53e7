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
  'reset',
  'destroy',
] as const;
export type TransitionKind = (typeof transitionKinds)[number];

/** Written before the first step of a transition and removed with its result: what a crash left is found by it. */
export interface Intent {
  readonly vm: string;
  readonly kind: TransitionKind;
  readonly user: string;
  readonly begun: number;
}

const prefix = 'intent/';

export async function beginIntent(parts: HostParts, vm: string, kind: TransitionKind, user: string): Promise<void> {
  const intent: Intent = { vm, kind, user, begun: parts.clock.now() };
  await parts.store.transaction((tx) => tx.put('vmm', prefix + vm, JSON.stringify(intent)));
}

/** Belongs into the transaction that makes the transition's result durable. */
export function endIntent(tx: StoreTransaction, vm: string): void {
  tx.delete('vmm', prefix + vm);
}

export function openIntents(store: Store): readonly Intent[] {
  return store
    .range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER)
    .map((entry) => JSON.parse(entry.value as string) as Intent);
}
