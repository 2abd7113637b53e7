import type { ByteReader, ByteWriter } from '../../base/index.js';
import { tpmAlgorithms } from '../constants/index.js';
import {
  decodeAttest,
  decodeSignature,
  readSized,
  type SigningScheme,
  writePcrSelection,
  writeSized,
} from '../structures/index.js';
import type { CommandRunner } from './runner.js';
import type { AttestationCommands, SignedAttest } from './types.js';

/** TPMT_SIG_SCHEME; null leaves the choice to the key. */
export function writeScheme(writer: ByteWriter, scheme: SigningScheme | null): void {
  if (scheme === null) writer.u16(tpmAlgorithms.null);
  else writer.u16(tpmAlgorithms[scheme.algorithm]).u16(tpmAlgorithms[scheme.hash]);
}

export function createAttestationCommands(runner: CommandRunner): AttestationCommands {
  return {
    async quote(key, extraData, selection, options = {}) {
      const { reader } = await runner.run('quote', {
        handles: [key],
        auths: [options.auth],
        parameters: (writer) => {
          writeSized(writer, extraData);
          writeScheme(writer, options.scheme ?? null);
          writePcrSelection(writer, selection);
        },
      });
      return readSigned(reader);
    },
    async certify(object, key, extraData, options = {}) {
      const { reader } = await runner.run('certify', {
        handles: [object, key],
        auths: [options.objectAuth, options.auth],
        parameters: (writer) => {
          writeSized(writer, extraData);
          writeScheme(writer, options.scheme ?? null);
        },
      });
      return readSigned(reader);
    },
    async nvCertify(index, key, extraData, range, options = {}) {
      const { reader } = await runner.run('nvCertify', {
        handles: [key, options.authHandle ?? index, index],
        auths: [options.auth, options.indexAuth],
        parameters: (writer) => {
          writeSized(writer, extraData);
          writeScheme(writer, options.scheme ?? null);
          writer.u16(range.size).u16(range.offset);
        },
      });
      return readSigned(reader);
    },
  };
}

function readSigned(reader: ByteReader): SignedAttest {
  const bytes = readSized(reader);
  const signatureBytes = reader.take(reader.remaining).slice();
  return { bytes, attest: decodeAttest(bytes), signature: decodeSignature(signatureBytes), signatureBytes };
}
