import { concatBytes } from '../../base/index.js';
import {
  algorithmName,
  capabilities,
  curveName,
  type EccCurve,
  type TpmAlgorithm,
  tpmHandles,
  tpmProperties,
} from '../constants/index.js';
import { TpmTransportError } from '../errors.js';
import { type PcrSelection, readPcrSelection, readTimeInfo, writeSized } from '../structures/index.js';
import type { CommandResult, CommandRunner } from './runner.js';
import type { AdministrationCommands, TpmProperties } from './types.js';

const startupTypes = { clear: 0, state: 1 } as const;
/** Rounds of GetCapability for one list; far above what any TPM needs. */
const maximumRounds = 64;

export function createAdministrationCommands(runner: CommandRunner): AdministrationCommands {
  const capability = async (
    group: number,
    first: number,
    count: number,
  ): Promise<CommandResult & { more: boolean }> => {
    const result = await runner.run('getCapability', {
      parameters: (writer) => writer.u32(group).u32(first).u32(count),
    });
    const more = result.reader.u8() === 1;
    const answered = result.reader.u32();
    if (answered !== group)
      throw new TpmTransportError('tpm_protocol', `expected capability ${group}, got ${answered}`);
    return { ...result, more };
  };

  /** Reads a list in as many rounds as the TPM asks for; `read` gives one element and the key to go on from. */
  const list = async <T>(
    group: number,
    first: number,
    read: (result: CommandResult) => readonly [T, number],
  ): Promise<T[]> => {
    const all: T[] = [];
    let from = first;
    for (let round = 0; round < maximumRounds; round++) {
      const result = await capability(group, from, 254);
      const count = result.reader.u32();
      for (let n = 0; n < count; n++) {
        const [element, key] = read(result);
        all.push(element);
        from = key + 1;
      }
      if (!result.more || count === 0) return all;
    }
    throw new TpmTransportError('tpm_protocol', 'a capability list has no end');
  };

  return {
    async startup(kind) {
      await runner.run('startup', { parameters: (writer) => writer.u16(startupTypes[kind]) });
    },
    async shutdown(kind) {
      await runner.run('shutdown', { parameters: (writer) => writer.u16(startupTypes[kind]) });
    },
    async selfTest(full) {
      await runner.run('selfTest', { parameters: (writer) => writer.u8(full ? 1 : 0) });
    },
    async getRandom(length) {
      const parts: Uint8Array[] = [];
      for (let have = 0; have < length; ) {
        const { reader } = await runner.run('getRandom', {
          parameters: (writer) => writer.u16(Math.min(length - have, 32)),
        });
        const part = reader.take(reader.u16());
        if (part.length === 0) throw new TpmTransportError('tpm_protocol', 'the TPM gave no random octets');
        parts.push(part);
        have += part.length;
      }
      return concatBytes(...parts).subarray(0, length);
    },
    async algorithms() {
      const ids = await list(capabilities.algorithms, 0, ({ reader }) => {
        const id = reader.u16();
        reader.skip(4);
        return [id, id];
      });
      return ids.map(algorithmName).filter((name): name is TpmAlgorithm => name !== undefined);
    },
    commands: () =>
      list(capabilities.commands, 0, ({ reader }) => {
        const code = reader.u32() & 0xffff;
        return [code, code];
      }),
    async curves() {
      const ids = await list(capabilities.eccCurves, 0, ({ reader }) => {
        const id = reader.u16();
        return [id, id];
      });
      return ids.map(curveName).filter((name): name is EccCurve => name !== undefined);
    },
    handles: (first) =>
      list(capabilities.handles, first, ({ reader }) => {
        const handle = reader.u32();
        return [handle, handle];
      }),
    async pcrBanks(): Promise<PcrSelection> {
      const { reader } = await capability(capabilities.pcrs, 0, 1);
      return readPcrSelection(reader);
    },
    async properties() {
      const pairs = await list(capabilities.tpmProperties, 0x100, ({ reader }) => {
        const key = reader.u32();
        return [[key, reader.u32()] as const, key];
      });
      return explainProperties(new Map(pairs));
    },
    async readClock() {
      const { reader } = await runner.run('readClock');
      return readTimeInfo(reader);
    },
    async hierarchyChangeAuth(handle, newAuth, auth) {
      await runner.run('hierarchyChangeAuth', {
        handles: [handle],
        auths: [auth],
        parameters: (writer) => {
          writeSized(writer, newAuth);
        },
      });
    },
    async clear(auth, by = 'lockout') {
      await runner.run('clear', { handles: [tpmHandles[by]], auths: [auth] });
    },
    async changeEps(auth) {
      await runner.run('changeEps', { handles: [tpmHandles.platform], auths: [auth] });
    },
    async dictionaryAttackParameters({ maxTries, recoveryTime, lockoutRecovery }, auth) {
      await runner.run('dictionaryAttackParameters', {
        handles: [tpmHandles.lockout],
        auths: [auth],
        parameters: (writer) => writer.u32(maxTries).u32(recoveryTime).u32(lockoutRecovery),
      });
    },
    async dictionaryAttackLockReset(auth) {
      await runner.run('dictionaryAttackLockReset', { handles: [tpmHandles.lockout], auths: [auth] });
    },
  };
}

function explainProperties(values: ReadonlyMap<number, number>): TpmProperties {
  const text = (...keys: readonly number[]): string =>
    keys
      .map((key) => values.get(key) ?? 0)
      .flatMap((word) => [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff])
      .filter((octet) => octet >= 0x20 && octet < 0x7f)
      .map((octet) => String.fromCharCode(octet))
      .join('')
      .trim();
  const high = BigInt(values.get(tpmProperties.firmwareVersion1) ?? 0);
  return {
    manufacturer: text(tpmProperties.manufacturer),
    vendor: text(
      tpmProperties.vendorString1,
      tpmProperties.vendorString2,
      tpmProperties.vendorString3,
      tpmProperties.vendorString4,
    ),
    firmwareVersion: (high << 32n) | BigInt(values.get(tpmProperties.firmwareVersion2) ?? 0),
    specificationRevision: values.get(tpmProperties.revision) ?? 0,
    values,
  };
}
