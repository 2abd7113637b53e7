import type { TpmTransport } from '../../tpm/index.js';
import type { StateImage } from '../state/index.js';

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

/** A back end for virtual TPMs, which are named by UUID; their states at rest are in a vault. */
export interface VtpmDriver {
  readonly backend: 'software' | 'swtpm';
  /** Whether there is a TPM of this name. */
  has(uuid: string): Promise<boolean>;
  /** Makes a new TPM, gives it power for `work`, and keeps what `work` has made of it. */
  manufacture<T>(
    uuid: string,
    work: (transport: TpmTransport, powerCycle: () => Promise<void>) => Promise<T>,
  ): Promise<T>;
  power(uuid: string, options: PowerOptions): Promise<PoweredTpm>;
  /** Keeps the state of a TPM that comes from elsewhere, if it is one. @throws VtpmError `vtpm_state_invalid` */
  importState(uuid: string, image: StateImage): Promise<void>;
}
