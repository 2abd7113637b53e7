import { ByteReader, concatBytes } from '../../base/index.js';
import { nvTypes, tpmHandles } from '../constants/index.js';
import { encodeNvPublic, readNvPublic, readSized, writeSized } from '../structures/index.js';
import type { CommandRunner } from './runner.js';
import type { NvCommands } from './types.js';

/** Octets for one NV command; every TPM takes 512, most 1 024 (TPM_PT_NV_BUFFER_MAX). */
const pieceSize = 512;
const none = new Uint8Array(0);

export function createNvCommands(runner: CommandRunner): NvCommands {
  const readPublic: NvCommands['nvReadPublic'] = async (index) => {
    const { reader } = await runner.run('nvReadPublic', { handles: [index] });
    const publicArea = readNvPublic(new ByteReader(readSized(reader)));
    return { publicArea, name: readSized(reader) };
  };

  return {
    async nvDefine(definition, hierarchy = 'owner', auth) {
      const area = encodeNvPublic({
        index: definition.index,
        nameAlgorithm: definition.nameAlgorithm ?? 'sha256',
        attributes: definition.attributes | (nvTypes[definition.type ?? 'ordinary'] << 4),
        authPolicy: definition.authPolicy ?? none,
        dataSize: definition.size,
      });
      await runner.run('nvDefineSpace', {
        handles: [tpmHandles[hierarchy]],
        auths: [auth],
        parameters: (writer) => {
          writeSized(writer, definition.indexAuth ?? none);
          writeSized(writer, area);
        },
      });
    },
    async nvUndefine(index, hierarchy = 'owner', auth) {
      await runner.run('nvUndefineSpace', { handles: [tpmHandles[hierarchy], index], auths: [auth] });
    },
    nvReadPublic: readPublic,
    async nvWrite(index, data, options = {}) {
      const first = options.offset ?? 0;
      for (let at = 0; at < Math.max(data.length, 1); at += pieceSize) {
        await runner.run('nvWrite', {
          handles: [options.authHandle ?? index, index],
          auths: [options.auth],
          parameters: (writer) => {
            writeSized(writer, data.subarray(at, at + pieceSize));
            writer.u16(first + at);
          },
        });
      }
    },
    async nvRead(index, options = {}) {
      const first = options.offset ?? 0;
      const size = options.size ?? (await readPublic(index)).publicArea.dataSize - first;
      const parts: Uint8Array[] = [];
      for (let at = 0; at < size; at += pieceSize) {
        const { reader } = await runner.run('nvRead', {
          handles: [options.authHandle ?? index, index],
          auths: [options.auth],
          parameters: (writer) => writer.u16(Math.min(pieceSize, size - at)).u16(first + at),
        });
        parts.push(readSized(reader));
      }
      return concatBytes(...parts);
    },
    async nvIncrement(index, options = {}) {
      await runner.run('nvIncrement', { handles: [options.authHandle ?? index, index], auths: [options.auth] });
    },
  };
}
