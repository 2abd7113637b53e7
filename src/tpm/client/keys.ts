import { type ByteReader, ByteWriter } from '../../base/index.js';
import { structureTags, tpmHandles } from '../constants/index.js';
import {
  decodePublicArea,
  encodePublicArea,
  nameOf,
  type PublicArea,
  readSignature,
  readSized,
  writePcrSelection,
  writeSized,
} from '../structures/index.js';
import { writeScheme } from './attestation.js';
import type { CommandRunner } from './runner.js';
import type { CreateOptions, CredentialBlob, KeyCommands } from './types.js';

const none = new Uint8Array(0);

export function createKeyCommands(runner: CommandRunner): KeyCommands {
  return {
    async createPrimary(hierarchy, template, options = {}) {
      const { handle, reader } = await runner.run('createPrimary', {
        handles: [tpmHandles[hierarchy]],
        auths: [options.auth],
        parameters: (writer) => {
          writeCreation(writer, template, options);
        },
      });
      const publicArea = decodePublicArea(readSized(reader));
      const name = nameOf(publicArea);
      runner.remember(handle, name);
      return { handle, name, publicArea };
    },
    async create(parent, template, options = {}) {
      const { reader } = await runner.run('create', {
        handles: [parent],
        auths: [options.auth],
        parameters: (writer) => {
          writeCreation(writer, template, options);
        },
      });
      return { privateBlob: readSized(reader), publicArea: decodePublicArea(readSized(reader)) };
    },
    async load(parent, { privateBlob, publicArea }, auth) {
      const { handle, reader } = await runner.run('load', {
        handles: [parent],
        auths: [auth],
        parameters: (writer) => {
          writeSized(writer, privateBlob);
          writeSized(writer, encodePublicArea(publicArea));
        },
      });
      const name = readSized(reader);
      runner.remember(handle, name);
      return { handle, name, publicArea };
    },
    async loadExternal(publicArea, hierarchy = 'owner') {
      const { handle, reader } = await runner.run('loadExternal', {
        parameters: (writer) => {
          writer.u16(0);
          writeSized(writer, encodePublicArea(publicArea));
          writer.u32(tpmHandles[hierarchy]);
        },
      });
      const name = readSized(reader);
      runner.remember(handle, name);
      return { handle, name, publicArea };
    },
    async readPublic(handle) {
      const { reader } = await runner.run('readPublic', { handles: [handle] });
      const publicArea = decodePublicArea(readSized(reader));
      const name = readSized(reader);
      runner.remember(handle, name);
      return { handle, publicArea, name, qualifiedName: readSized(reader) };
    },
    async flushContext(handle) {
      await runner.run('flushContext', { parameters: (writer) => writer.u32(handle) });
      runner.forget(handle);
    },
    async evictControl(hierarchy, object, persistent, auth) {
      await runner.run('evictControl', {
        handles: [tpmHandles[hierarchy], object],
        auths: [auth],
        parameters: (writer) => writer.u32(persistent),
      });
      runner.forget(persistent);
    },
    async unseal(object, auth) {
      const { reader } = await runner.run('unseal', { handles: [object], auths: [auth] });
      return readSized(reader);
    },
    async makeCredential(key, credential, name) {
      const { reader } = await runner.run('makeCredential', {
        handles: [key],
        parameters: (writer) => {
          writeSized(writer, credential);
          writeSized(writer, name);
        },
      });
      return readCredential(reader);
    },
    async activateCredential(activate, key, blob, auths = {}) {
      const { reader } = await runner.run('activateCredential', {
        handles: [activate, key],
        auths: [auths.activate, auths.key],
        parameters: (writer) => {
          writeSized(writer, blob.credentialBlob);
          writeSized(writer, blob.secret);
        },
      });
      return readSized(reader);
    },
    async sign(key, digest, scheme, auth) {
      const { reader } = await runner.run('sign', {
        handles: [key],
        auths: [auth],
        parameters: (writer) => {
          writeSized(writer, digest);
          writeScheme(writer, scheme);
          // A null ticket: allowed for keys that are not restricted.
          writer.u16(structureTags.hashcheck).u32(tpmHandles.null).u16(0);
        },
      });
      return readSignature(reader);
    },
  };
}

function readCredential(reader: ByteReader): CredentialBlob {
  return { credentialBlob: readSized(reader), secret: readSized(reader) };
}

/** inSensitive, inPublic, no outsideInfo, no creation PCRs. */
function writeCreation(writer: ByteWriter, template: PublicArea, options: CreateOptions): void {
  const sensitive = new ByteWriter(64);
  writeSized(sensitive, options.userAuth ?? none);
  writeSized(sensitive, options.data ?? none);
  writeSized(writer, sensitive.finish());
  writeSized(writer, encodePublicArea(template));
  writer.u16(0);
  writePcrSelection(writer, []);
}
