import { type Clock, type HashAlgorithm, type Randomness, systemClock, systemRandomness } from '../../base/index.js';
import { type TpmTransport, TpmTransportError } from '../../tpm/index.js';
import { commandTable, finishHashSequence } from './commands/index.js';
import { dispatch, plainResponse } from './core/dispatch.js';
import { Engine } from './core/engine.js';
import {
  decodePermanentState,
  decodeVolatileState,
  encodePermanentState,
  encodeVolatileState,
} from './core/state-codec.js';

export interface SoftwareTpmOptions {
  readonly randomness?: Randomness;
  readonly clock?: Clock;
  /** PCR banks of a new TPM; SHA-1, SHA-256 and SHA-384 by default. A TPM with a state keeps its own. */
  readonly banks?: readonly HashAlgorithm[];
  /** State at rest of an earlier TPM; absent: a new TPM with new seeds. */
  readonly permanentState?: Uint8Array;
  /** State of a running TPM, from {@link SoftwareTpm.saveVolatileState}: it goes on without a start. */
  readonly volatileState?: Uint8Array;
  /** Keeps the state at rest; a response that depends on it waits. A failure ends the command with TPM_RC_NV_UNAVAILABLE. */
  readonly save?: (permanentState: Uint8Array) => Promise<void>;
}

/** A TPM 2.0 in this process. It is powered on; commands need TPM2_Startup first. */
export interface SoftwareTpm extends TpmTransport {
  /** Power off and on (_TPM_Init): PCRs, sessions and transient keys are gone. */
  powerCycle(): Promise<void>;
  /** Locality of the commands that follow, 0 to 4. */
  setLocality(locality: number): void;
  /** Measures data as the hardware's root of trust does: PCR 0 before the start, PCR 17 after it (Part 1, 34.2). */
  hashSequence(data: Uint8Array): Promise<void>;
  savePermanentState(): Uint8Array;
  saveVolatileState(): Uint8Array;
}

/**
 * A TPM 2.0 on node:crypto. The same frames as any other TPM; firmware, manufacturer and certificates say that it is software.
 * @throws DecodeError for a state that cannot be read
 */
export function createSoftwareTpm(options: SoftwareTpmOptions = {}): SoftwareTpm {
  const { permanentState, volatileState } = options;
  const engine = new Engine({
    randomness: options.randomness ?? systemRandomness,
    clock: options.clock ?? systemClock,
    banks: options.banks ?? ['sha1', 'sha256', 'sha384'],
    ...(permanentState === undefined ? {} : { permanent: decodePermanentState(permanentState) }),
  });
  if (volatileState !== undefined) engine.volatile = decodeVolatileState(volatileState);
  const { save } = options;
  let closed = false;
  /** The command that is under way; null when the next one can begin at once. */
  let busy: Promise<unknown> | null = null;

  async function keep(response: Uint8Array): Promise<Uint8Array> {
    if (!engine.dirty || save === undefined) return response;
    engine.dirty = false;
    try {
      await save(encodePermanentState(engine.permanent));
      return response;
    } catch {
      engine.dirty = true;
      return plainResponse(0x923);
    }
  }

  function run(command: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const response = dispatch(engine, commandTable, command);
    if (response instanceof Promise) return response.then(keep);
    return engine.dirty && save !== undefined ? keep(response) : response;
  }

  /** Runs after what is under way; most commands are done at once and cost no turn of the event loop. */
  function exclusively<T>(work: () => T | Promise<T>): Promise<T> {
    const working = busy === null ? work() : busy.then(work);
    if (!(working instanceof Promise)) return Promise.resolve(working);
    const done: Promise<void> = working.then(finish, finish);
    function finish(): void {
      if (busy === done) busy = null;
    }
    busy = done;
    return working;
  }

  return {
    transmit(command) {
      if (closed) return Promise.reject(new TpmTransportError('tpm_closed', 'the TPM is closed'));
      return exclusively(() => run(command));
    },
    powerCycle: () =>
      exclusively(() => {
        engine.powerOn();
      }),
    setLocality(locality) {
      engine.locality = locality;
    },
    hashSequence: (data) =>
      exclusively(() => {
        const { volatile } = engine;
        volatile.hashSequence = { pcr: volatile.started ? 17 : 0, data: [data], size: data.length };
        if (!volatile.started) return;
        for (let index = 17; index <= 22; index++) volatile.pcrs.fill(index, 0);
        finishHashSequence(engine);
      }),
    savePermanentState: () => encodePermanentState(engine.permanent),
    saveVolatileState: () => encodeVolatileState(engine.volatile),
    async close() {
      closed = true;
      await busy;
    },
  };
}
