import type { Decision } from '../acm/index.js';
import type { MessageId } from '../base/index.js';
import type { VirtualMachine, Vlan, Volume } from './inventory/index.js';
import type { JobChange } from './jobs/index.js';

/** Who does something, as the journal names them. */
export interface Actor {
  readonly user: string;
}

/** What happened on this host, told after it is on disk. `recordId` is the journal's id. */
export type HostEvent =
  | { readonly kind: 'vm-defined'; readonly recordId: string; readonly vm: VirtualMachine }
  | {
      readonly kind: 'vm-changed';
      readonly recordId: string;
      readonly vm: VirtualMachine;
      readonly before: VirtualMachine;
      readonly transition: string;
      /** Where the label changed with it: the full texts. */
      readonly label?: { readonly before: string | null; readonly after: string | null };
    }
  /** Its guest was asked to shut down; `ending` false: it runs on all the same. Nothing of it is on disk. */
  | { readonly kind: 'vm-ending'; readonly vm: VirtualMachine; readonly ending: boolean }
  | { readonly kind: 'vm-destroyed'; readonly recordId: string; readonly vm: VirtualMachine }
  | { readonly kind: 'volume-changed'; readonly recordId: string; readonly volume: Volume }
  | { readonly kind: 'vlan-changed'; readonly recordId: string; readonly vlan: Vlan }
  | {
      readonly kind: 'label-changed';
      readonly recordId: string;
      readonly element: string;
      readonly label: string | null;
      /** The label that it had, as a full text. */
      readonly before: string | null;
    }
  | { readonly kind: 'policy-changed'; readonly recordId: string; readonly change: string; readonly policy: string }
  | {
      readonly kind: 'denied';
      readonly recordId: string;
      readonly actor: Actor;
      readonly messageId: MessageId;
      readonly arguments: readonly string[];
      readonly element: string | null;
      readonly decision: Decision | null;
    }
  | { readonly kind: 'violation'; readonly recordId: string; readonly sentence: string }
  | { readonly kind: 'vtpm-failed'; readonly recordId: string; readonly vm: string; readonly sentence: string }
  | JobChange;

type Listener = (event: HostEvent) => void;

/** Tells domain events to whoever shows them: indications, views, tests. A listener's failure is not the transition's. */
export class HostEvents {
  readonly #listeners = new Set<Listener>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** @returns how to stop listening */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: HostEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
