import type { TpmTransport } from '../../tpm/index.js';

/** A virtual TPM that has power. Startup and Shutdown are its user's commands. */
export interface PoweredTpm {
  readonly transport: TpmTransport;
  /** Power off and on. */
  powerCycle(): Promise<void>;
  /** Keeps its volatile state for the next start, and ends it. */
  suspend(): Promise<void>;
  /** Ends it. Its user has sent TPM2_Shutdown. */
  stop(): Promise<void>;
}

/** Octets of a TPM that moves to another host. */
export interface StateImage {
  readonly permanent: Uint8Array;
  /** Null: it was off, not suspended. */
  readonly volatile: Uint8Array | null;
}

export interface PowerOptions {
  /** With the volatile state of the last suspend, which is used up; otherwise that state is thrown away. */
  readonly resume: boolean;
  /**
   * What follows when the TPM ends by itself. `restart`: it is started again from its state at rest by TPM2_Startup(CLEAR), its
   * PCRs lost. `stay`: it has no power until it is given power again.
   */
  readonly afterCrash: 'restart' | 'stay';
  /** The TPM ended by itself; `restarted`: it runs again. */
  readonly onCrash: (restarted: boolean) => void;
}

/** A back end for virtual TPMs, which are named by UUID. */
export interface VtpmDriver {
  readonly backend: 'software' | 'swtpm';
  /** Whether there is a TPM of this name. */
  has(uuid: string): Promise<boolean>;
  /** Makes a new TPM, gives it power for `work`, and keeps what `work` has made of it. */
  manufacture<T>(uuid: string, work: (transport: TpmTransport) => Promise<T>): Promise<T>;
  power(uuid: string, options: PowerOptions): Promise<PoweredTpm>;
  /** Of a TPM without power. */
  exportState(uuid: string): Promise<StateImage>;
  importState(uuid: string, image: StateImage): Promise<void>;
  /** Deletes all that is kept of a TPM. */
  remove(uuid: string): Promise<void>;
  /** How often the state at rest has changed; 0 where the back end does not count. */
  sequence(uuid: string): number;
}
