import type { HashAlgorithm, Randomness } from '../../../base/index.js';
import type { Hierarchy, NvPublic } from '../../../tpm/index.js';
import type { TpmObject } from './object.js';
import { PcrBanks } from './pcr-banks.js';
import type { Session } from './session.js';

const none = new Uint8Array(0);

export interface NvIndex {
  publicArea: NvPublic;
  auth: Uint8Array;
  data: Uint8Array;
}

/** A hierarchy: what its keys derive from, who may use it, whether it is enabled. */
export interface HierarchyState {
  seed: Uint8Array;
  /** Secret behind tickets and saved contexts. */
  proof: Uint8Array;
  auth: Uint8Array;
  enabled: boolean;
}

/** Protection against guessing (TPM 2.0 Part 1, 19.8). */
export interface DictionaryAttackState {
  failures: number;
  maxTries: number;
  /** Seconds. */
  recoveryTime: number;
  lockoutRecovery: number;
  lockoutAuth: Uint8Array;
  /** Clock of the TPM until which the lockout authorization may not be used. */
  lockoutBlockedUntil: bigint;
  /** Clock of the TPM at the last failure or recovery. */
  lastChange: bigint;
}

/** How the TPM was shut down; `none`: not at all. */
export type ShutdownKind = 'none' | 'clear' | 'state';

/** What a TPM keeps without power. */
export interface PermanentState {
  readonly banks: readonly HashAlgorithm[];
  readonly hierarchies: Readonly<Record<Hierarchy, HierarchyState>>;
  readonly lockout: DictionaryAttackState;
  readonly nv: Map<number, NvIndex>;
  readonly persistent: Map<number, TpmObject>;
  clearDisabled: boolean;
  clock: bigint;
  resetCount: number;
  /** Counts suspends and restarts since the last reset. */
  restartCount: number;
  shutdown: ShutdownKind;
  /** PCRs kept by TPM2_Shutdown(STATE); null without. */
  savedPcrs: Uint8Array | null;
  /** Highest value that any NV counter had, so that a new one never repeats. */
  highestCounter: bigint;
}

/** What a TPM loses without power. */
export interface VolatileState {
  pcrs: PcrBanks;
  readonly objects: Map<number, TpmObject>;
  readonly sessions: Map<number, Session>;
  /** Sessions whose context is outside. */
  readonly savedSessions: Map<number, bigint>;
  readonly savedContexts: { next: bigint };
  started: boolean;
  /** Milliseconds since the last start. */
  time: bigint;
  clockSafe: boolean;
  /** Secret that changes with each TPM Reset: contexts saved before it are void. */
  contextKey: Uint8Array;
  hashSequence: { pcr: number; data: Uint8Array[]; size: number } | null;
}

function hierarchy(randomness: Randomness): HierarchyState {
  return { seed: randomness.bytes(32), proof: randomness.bytes(32), auth: none, enabled: true };
}

/** A TPM as it leaves the factory. */
export function createPermanentState(banks: readonly HashAlgorithm[], randomness: Randomness): PermanentState {
  return {
    banks,
    hierarchies: {
      owner: hierarchy(randomness),
      endorsement: hierarchy(randomness),
      platform: hierarchy(randomness),
      null: hierarchy(randomness),
    },
    lockout: {
      failures: 0,
      maxTries: 3,
      recoveryTime: 1000,
      lockoutRecovery: 1000,
      lockoutAuth: none,
      lockoutBlockedUntil: 0n,
      lastChange: 0n,
    },
    nv: new Map(),
    persistent: new Map(),
    clearDisabled: false,
    clock: 0n,
    resetCount: 0,
    restartCount: 0,
    shutdown: 'clear',
    savedPcrs: null,
    highestCounter: 0n,
  };
}

export function createVolatileState(banks: readonly HashAlgorithm[], randomness: Randomness): VolatileState {
  return {
    pcrs: new PcrBanks(banks),
    objects: new Map(),
    sessions: new Map(),
    savedSessions: new Map(),
    savedContexts: { next: 1n },
    started: false,
    time: 0n,
    clockSafe: true,
    contextKey: randomness.bytes(32),
    hashSequence: null,
  };
}
