import { digestSizes, hash } from '../../../base/index.js';
import {
  readHashAlgorithm,
  readPcrSelection,
  type TpmCommand,
  tpmAlgorithms,
  tpmHandles,
  writePcrSelection,
  writeSized,
} from '../../../tpm/index.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import type { Engine } from '../core/engine.js';
import { fail } from '../core/failure.js';
import { pcrAttributes } from '../core/pcr-banks.js';

const digestsInOneReading = 8;

/** TPM2_PCR_Read (TPM 2.0 Part 3, 22.4): at most eight digests at a time. */
function pcrRead({ engine, parameters, out }: CommandCall): void {
  const selection = parameters.next(readPcrSelection);
  parameters.end();
  const { pcrs } = engine.volatile;
  const digests: Uint8Array[] = [];
  const answered = pcrs.available(selection).map(({ bank, indexes }) => {
    const fitting = indexes.slice(0, digestsInOneReading - digests.length);
    for (const index of fitting) digests.push(pcrs.value(bank, index) as Uint8Array);
    return { bank, indexes: fitting };
  });
  out.u32(pcrs.updateCounter);
  writePcrSelection(out, answered);
  out.u32(digests.length);
  for (const digest of digests) writeSized(out, digest);
}

function requireExtendable(engine: Engine, index: number): void {
  const attributes = pcrAttributes[index];
  if (attributes === undefined || ((attributes.extendLocalities >> engine.locality) & 1) === 0) fail('TPM_RC_LOCALITY');
}

/** TPM2_PCR_Extend (Part 3, 22.2). */
function pcrExtend({ engine, handles, parameters }: CommandCall): void {
  const [handle = 0] = handles;
  const digests = parameters.next((reader) => {
    const count = reader.u32();
    if (count > 16) parameters.refuse('TPM_RC_SIZE');
    return Array.from({ length: count }, () => {
      const bank = readHashAlgorithm(reader);
      return { bank, digest: reader.take(digestSizes[bank]) };
    });
  });
  parameters.end();
  if (handle === tpmHandles.null) return;
  requireExtendable(engine, handle);
  for (const { bank, digest } of digests) engine.volatile.pcrs.extend(bank, handle, digest);
}

/** TPM2_PCR_Event (Part 3, 22.3). */
function pcrEvent({ engine, handles, parameters, out }: CommandCall): void {
  const [handle = 0] = handles;
  const data = parameters.sized(1024);
  parameters.end();
  const { pcrs } = engine.volatile;
  if (handle !== tpmHandles.null) requireExtendable(engine, handle);
  out.u32(pcrs.banks.length);
  for (const bank of pcrs.banks) {
    const digest = handle === tpmHandles.null ? hash(bank, data) : pcrs.extendData(bank, handle, data);
    out.u16(tpmAlgorithms[bank]).bytes(digest);
  }
}

/** TPM2_PCR_Reset (Part 3, 22.8). */
function pcrReset({ engine, handles, parameters }: CommandCall): void {
  const [index = 0] = handles;
  parameters.end();
  const attributes = pcrAttributes[index];
  if (attributes === undefined || ((attributes.resetLocalities >> engine.locality) & 1) === 0) fail('TPM_RC_LOCALITY');
  engine.volatile.pcrs.fill(index, 0);
  engine.volatile.pcrs.changed(index);
}

export const pcrCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['pcrRead', pcrRead],
  ['pcrExtend', pcrExtend],
  ['pcrEvent', pcrEvent],
  ['pcrReset', pcrReset],
];
