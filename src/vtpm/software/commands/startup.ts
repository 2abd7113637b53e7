import { digestSizes } from '../../../base/index.js';
import type { TpmCommand } from '../../../tpm/index.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import { clockUpdateInterval, type Engine } from '../core/engine.js';
import { fail } from '../core/failure.js';
import { pcrAttributes } from '../core/pcr-banks.js';

function readStartupType({ parameters }: CommandCall): 'clear' | 'state' {
  const type = parameters.u16();
  if (type > 1) parameters.refuse('TPM_RC_VALUE');
  parameters.end();
  return type === 0 ? 'clear' : 'state';
}

/** TPM2_Startup (TPM 2.0 Part 3, 9.3): TPM Reset, TPM Restart or TPM Resume. */
function startup(call: CommandCall): void {
  const { engine } = call;
  const { permanent, volatile } = engine;
  if (volatile.started) fail('TPM_RC_INITIALIZE');
  const type = readStartupType(call);
  if (type === 'state' && permanent.shutdown !== 'state') call.parameters.refuse('TPM_RC_VALUE');
  const kind = permanent.shutdown !== 'state' ? 'reset' : type === 'clear' ? 'restart' : 'resume';
  if (permanent.shutdown === 'none') {
    // The clock may not repeat: on to the end of the interval that was not saved.
    permanent.clock = (permanent.clock / clockUpdateInterval + 1n) * clockUpdateInterval - 1n;
    volatile.clockSafe = false;
  }
  volatile.pcrs.start(engine.locality === 3 ? 3 : 0);
  if (volatile.hashSequence !== null) applyCrtm(engine);
  if (kind === 'resume') restorePcrs(engine);
  if (kind === 'reset') {
    permanent.resetCount = (permanent.resetCount + 1) >>> 0;
    permanent.restartCount = 0;
    resetNull(engine);
  } else permanent.restartCount = (permanent.restartCount + 1) >>> 0;
  if (kind !== 'resume') startClear(engine);
  permanent.shutdown = 'none';
  permanent.savedPcrs = null;
  volatile.started = true;
  engine.dirty = true;
}

/** The null hierarchy lives from one reset to the next. */
function resetNull({ permanent, randomness }: Engine): void {
  const state = permanent.hierarchies.null;
  state.seed = randomness.bytes(32);
  state.proof = randomness.bytes(32);
}

/** What Startup(CLEAR) sets back: platform authorization, enabled hierarchies, NV that lives from start to start. */
function startClear({ permanent }: Engine): void {
  permanent.hierarchies.platform.auth = new Uint8Array(0);
  for (const hierarchy of Object.values(permanent.hierarchies)) hierarchy.enabled = true;
  const clearStClear = 0x08000000;
  const written = 0x20000000;
  const locks = 0x80000800;
  for (const index of permanent.nv.values()) {
    let { attributes } = index.publicArea;
    if ((attributes & clearStClear) !== 0) attributes &= ~written;
    if ((attributes & locks) !== 0 && (attributes & 0x2000) === 0) attributes &= ~0x800;
    index.publicArea = { ...index.publicArea, attributes: (attributes & ~0x10000000) >>> 0 };
  }
}

/** Measurement of the root of trust before the start goes into PCR 0 (Part 1, 17.7). */
function applyCrtm(engine: Engine): void {
  const { pcrs } = engine.volatile;
  for (const bank of pcrs.banks)
    pcrs
      .value(bank, 0)
      ?.fill(0)
      .set([4], digestSizes[bank] - 1);
  finishHashSequence(engine);
}

/** Extends what the hash sequence collected into its PCR. */
export function finishHashSequence(engine: Engine): void {
  const { volatile } = engine;
  const sequence = volatile.hashSequence;
  if (sequence === null) return;
  volatile.hashSequence = null;
  const data = Buffer.concat(sequence.data);
  for (const bank of volatile.pcrs.banks) volatile.pcrs.extendData(bank, sequence.pcr, data);
}

function savePcrs({ volatile }: Engine): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const bank of volatile.pcrs.banks) {
    pcrAttributes.forEach(({ saved }, index) => {
      if (saved) parts.push(volatile.pcrs.value(bank, index) ?? new Uint8Array(0));
    });
  }
  return new Uint8Array(Buffer.concat(parts));
}

function restorePcrs({ volatile, permanent }: Engine): void {
  if (permanent.savedPcrs === null) return;
  let at = 0;
  for (const bank of volatile.pcrs.banks) {
    const size = digestSizes[bank];
    pcrAttributes.forEach(({ saved }, index) => {
      if (!saved) return;
      volatile.pcrs.value(bank, index)?.set(permanent.savedPcrs?.subarray(at, at + size) ?? []);
      at += size;
    });
  }
}

/** TPM2_Shutdown (Part 3, 9.4). */
function shutdown(call: CommandCall): void {
  const { engine } = call;
  const type = readStartupType(call);
  engine.permanent.shutdown = type;
  engine.permanent.savedPcrs = type === 'state' ? savePcrs(engine) : null;
  engine.dirty = true;
}

/** TPM2_SelfTest (Part 3, 10.2). The primitives are those of node:crypto, which tests itself. */
function selfTest({ parameters }: CommandCall): void {
  parameters.yesNo();
  parameters.end();
}

/** TPM2_IncrementalSelfTest (Part 3, 10.3): nothing is left to test. */
function incrementalSelfTest({ parameters, out }: CommandCall): void {
  const count = parameters.next((reader) => reader.u32());
  if (count > 64) parameters.refuse('TPM_RC_SIZE');
  parameters.next((reader) => {
    reader.skip(2 * count);
  });
  parameters.end();
  out.u32(0);
}

/** TPM2_GetTestResult (Part 3, 10.4). */
function getTestResult({ parameters, out }: CommandCall): void {
  parameters.end();
  out.u16(0).u32(0);
}

/** TPM2_ReadClock (Part 3, 29.1). */
function readClock({ engine, parameters, out }: CommandCall): void {
  parameters.end();
  const { clock, resetCount, restartCount, safe } = engine.clockInfo();
  out
    .u64(engine.volatile.time)
    .u64(clock)
    .u32(resetCount)
    .u32(restartCount)
    .u8(safe ? 1 : 0);
}

/** TPM2_ClockSet (Part 3, 29.2): forwards only. */
function clockSet({ engine, parameters }: CommandCall): void {
  const time = parameters.u64();
  if (time < engine.permanent.clock || time >= 0xffff000000000000n) parameters.refuse('TPM_RC_VALUE');
  parameters.end();
  engine.permanent.clock = time;
  engine.dirty = true;
}

/** TPM2_GetRandom (Part 3, 16.1): at most the size of the largest digest. */
function getRandom({ engine, parameters, out }: CommandCall): void {
  const length = Math.min(parameters.u16(), 64);
  parameters.end();
  out.u16(length).bytes(engine.randomness.bytes(length));
}

export const startupCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['startup', startup],
  ['shutdown', shutdown],
  ['selfTest', selfTest],
  ['incrementalSelfTest', incrementalSelfTest],
  ['getTestResult', getTestResult],
  ['readClock', readClock],
  ['clockSet', clockSet],
  ['getRandom', getRandom],
];
