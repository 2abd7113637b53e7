import { digestSizes, hashAlgorithms, type HashAlgorithm } from '../../base/index.js';
import { tpmAlgorithms } from '../constants/index.js';
import { TpmTransportError } from '../errors.js';
import {
  type PcrSelection,
  readHashAlgorithm,
  readPcrSelection,
  writePcrSelection,
  writeSized,
} from '../structures/index.js';
import type { CommandRunner } from './runner.js';
import type { PcrCommands, PcrReading, PcrValue, TaggedDigest } from './types.js';

const maximumAttempts = 8;

export function createPcrCommands(runner: CommandRunner): PcrCommands {
  /** One attempt; null when a PCR changed between two commands of it. */
  const readOnce = async (selection: PcrSelection): Promise<PcrReading | null> => {
    const found = new Map<HashAlgorithm, (Uint8Array | undefined)[]>();
    let counter: number | null = null;
    let left: PcrSelection = selection.filter((bank) => bank.indexes.length > 0);
    do {
      const asked = left;
      const { reader } = await runner.run('pcrRead', {
        parameters: (writer) => {
          writePcrSelection(writer, asked);
        },
      });
      const updateCounter = reader.u32();
      if (counter !== null && counter !== updateCounter) return null;
      counter = updateCounter;
      const answered = readPcrSelection(reader);
      const count = reader.u32();
      const places = answered.reduce((sum, { indexes }) => sum + indexes.length, 0);
      if (places === 0 || places !== count) break;
      for (const { bank, indexes } of answered) {
        let digests = found.get(bank);
        if (digests === undefined) found.set(bank, (digests = []));
        for (const index of indexes) digests[index] = reader.take(reader.u16()).slice();
      }
      left = remaining(left, found);
    } while (left.length > 0);
    const values: PcrValue[] = [];
    for (const { bank, indexes } of selection) {
      const digests = found.get(bank);
      for (const index of indexes) {
        const digest = digests?.[index];
        if (digest !== undefined && digest.length === digestSizes[bank]) values.push({ bank, index, digest });
      }
    }
    return { updateCounter: counter, values };
  };

  return {
    async pcrRead(selection) {
      for (let attempt = 0; attempt < maximumAttempts; attempt++) {
        const reading = await readOnce(selection);
        if (reading !== null) return reading;
      }
      throw new TpmTransportError('tpm_pcrs_changing', `PCRs changed during each of ${maximumAttempts} readings`);
    },
    async pcrExtend(index, digests) {
      await runner.run('pcrExtend', {
        handles: [index],
        parameters: (writer) => {
          writer.u32(digests.length);
          for (const { algorithm, digest } of digests) writer.u16(tpmAlgorithms[algorithm]).bytes(digest);
        },
      });
    },
    async pcrEvent(index, data) {
      const { reader } = await runner.run('pcrEvent', {
        handles: [index],
        parameters: (writer) => {
          writeSized(writer, data);
        },
      });
      const count = Math.min(reader.u32(), hashAlgorithms.length);
      return Array.from({ length: count }, (): TaggedDigest => {
        const algorithm: HashAlgorithm = readHashAlgorithm(reader);
        return { algorithm, digest: reader.take(digestSizes[algorithm]).slice() };
      });
    },
    async pcrReset(index) {
      await runner.run('pcrReset', { handles: [index] });
    },
  };
}

function remaining(
  selection: PcrSelection,
  found: ReadonlyMap<HashAlgorithm, readonly (Uint8Array | undefined)[]>,
): PcrSelection {
  return selection
    .map(({ bank, indexes }) => ({ bank, indexes: indexes.filter((index) => found.get(bank)?.[index] === undefined) }))
    .filter(({ indexes }) => indexes.length > 0);
}
