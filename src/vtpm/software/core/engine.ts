import { type Clock, type HashAlgorithm, type Randomness } from '../../../base/index.js';
import { type ClockInfo, handleTypes, type Hierarchy, hierarchies, tpmHandles } from '../../../tpm/index.js';
import { fail } from './failure.js';
import type { TpmObject } from './object.js';
import { createPermanentState, createVolatileState, type PermanentState, type VolatileState } from './state.js';

/** Objects and sessions that are loaded at once. */
export const limits = {
  objects: 16,
  sessions: 64,
  persistent: 64,
  nvIndices: 128,
  nvSize: 2048,
  nvBuffer: 1024,
  command: 4096,
} as const;

/** The clock in the state at rest is at most this old, in milliseconds; a power of two (TPM_PT_CLOCK_UPDATE). */
export const clockUpdateInterval = 65_536n;

export interface EngineOptions {
  readonly randomness: Randomness;
  readonly clock: Clock;
  readonly banks: readonly HashAlgorithm[];
  readonly permanent?: PermanentState;
}

/** The state of one software TPM and what all commands need of it. */
export class Engine {
  readonly randomness: Randomness;
  permanent: PermanentState;
  volatile: VolatileState;
  /** 0 to 4, of the command that is carried out. */
  locality = 0;
  /** Whether the permanent state must be saved before the response goes out. */
  dirty = false;
  readonly #clock: Clock;
  #lastTick: number;

  constructor({ randomness, clock, banks, permanent }: EngineOptions) {
    this.randomness = randomness;
    this.#clock = clock;
    this.#lastTick = clock.monotonic();
    this.permanent = permanent ?? createPermanentState(banks, randomness);
    this.dirty = permanent === undefined;
    this.volatile = createVolatileState(this.permanent.banks, randomness);
  }

  /** _TPM_Init: power comes on; everything volatile is gone. */
  powerOn(): void {
    this.volatile = createVolatileState(this.permanent.banks, this.randomness);
    this.#lastTick = this.#clock.monotonic();
  }

  /** Moves the TPM's clock on; marks the state for saving when an update interval has passed. */
  tick(): void {
    const now = this.#clock.monotonic();
    const passed = Math.floor(now - this.#lastTick);
    if (passed <= 0) return;
    this.#lastTick += passed;
    const before = this.permanent.clock;
    this.permanent.clock += BigInt(passed);
    this.volatile.time += BigInt(passed);
    if (before / clockUpdateInterval !== this.permanent.clock / clockUpdateInterval && this.volatile.started) {
      this.volatile.clockSafe = true;
      this.dirty = true;
    }
  }

  clockInfo(): ClockInfo {
    const { clock, resetCount, restartCount } = this.permanent;
    return { clock, resetCount, restartCount, safe: this.volatile.clockSafe };
  }

  /** Object behind a transient or persistent handle. */
  object(handle: number): TpmObject {
    const found = this.volatile.objects.get(handle) ?? this.permanent.persistent.get(handle);
    if (found === undefined) fail('TPM_RC_HANDLE');
    return found;
  }

  /** Puts an object into the first free place. */
  load(object: TpmObject): number {
    for (let n = 0; n < limits.objects; n++) {
      const handle = ((handleTypes.transient << 24) | n) >>> 0;
      if (this.volatile.objects.has(handle)) continue;
      this.volatile.objects.set(handle, object);
      return handle;
    }
    return fail('TPM_RC_OBJECT_MEMORY');
  }

  requireRoom(): void {
    if (this.volatile.objects.size >= limits.objects) fail('TPM_RC_OBJECT_MEMORY');
  }

  /** Removes the transient objects and, where wanted, the persistent ones of a hierarchy. */
  flushHierarchy(hierarchy: Hierarchy, persistentToo: boolean): void {
    for (const [handle, object] of this.volatile.objects) {
      if (object.hierarchy === hierarchy) this.volatile.objects.delete(handle);
    }
    if (!persistentToo) return;
    for (const [handle, object] of this.permanent.persistent) {
      if (object.hierarchy === hierarchy) this.permanent.persistent.delete(handle);
    }
  }
}

/** The hierarchy of a permanent handle, or undefined. */
export function hierarchyOfHandle(handle: number): Hierarchy | undefined {
  return hierarchies.find((name) => tpmHandles[name] === handle);
}
