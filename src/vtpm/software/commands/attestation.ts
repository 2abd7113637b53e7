import { type ByteReader, equalBytes, hash } from '../../../base/index.js';
import {
  hasAttributes,
  isSigningScheme,
  nvNameOf,
  readAsymmetricScheme,
  readPcrSelection,
  readSized,
  type SigningScheme,
  structureTags,
  type TpmCommand,
  tpmHandles,
  writeSignature,
  writeSized,
} from '../../../tpm/index.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import { creationTicket } from '../core/creation.js';
import { hierarchyOfHandle } from '../core/engine.js';
import { fail, failHandle, failParameter } from '../core/failure.js';
import { readableNv } from '../core/nv-access.js';
import type { ParameterReader } from '../core/parameters.js';
import { firmwareVersion, hashTicket, quoteDigest, signDigest, signerOf, writeAttestation } from '../core/signing.js';

function readScheme(parameters: ParameterReader): SigningScheme | null {
  const scheme = parameters.next(readAsymmetricScheme);
  return scheme === null || isSigningScheme(scheme) ? scheme : parameters.refuse('TPM_RC_SCHEME');
}

/** TPM2_Quote (TPM 2.0 Part 3, 18.4). */
function quote({ engine, handles, parameters, out }: CommandCall): void {
  const extraData = parameters.sized(66);
  const asked = readScheme(parameters);
  const selection = parameters.next(readPcrSelection);
  parameters.end();
  const signer = signerOf(engine, handles[0] as number, asked, 1, 2);
  const present = engine.volatile.pcrs.available(selection);
  const pcrDigest = quoteDigest(engine, signer.scheme.hash, present);
  writeAttestation(out, engine, signer, extraData, { kind: 'quote', selection: present, pcrDigest });
}

/** TPM2_Certify (Part 3, 18.2). */
function certify({ engine, handles, parameters, out }: CommandCall): void {
  const [objectHandle, keyHandle] = handles as readonly [number, number];
  const extraData = parameters.sized(66);
  const asked = readScheme(parameters);
  parameters.end();
  const { name, qualifiedName } = engine.object(objectHandle);
  const signer = signerOf(engine, keyHandle, asked, 2, 2);
  writeAttestation(out, engine, signer, extraData, { kind: 'certify', name, qualifiedName });
}

/** TPM2_CertifyCreation (Part 3, 18.3). */
function certifyCreation({ engine, handles, parameters, out }: CommandCall): void {
  const [keyHandle, objectHandle] = handles as readonly [number, number];
  const extraData = parameters.sized(66);
  const creationHash = parameters.sized(64);
  const asked = readScheme(parameters);
  const ticket = parameters.next(readTicket);
  parameters.end();
  const object = engine.object(objectHandle);
  const expected = creationTicket(engine, object.hierarchy, object.name, creationHash);
  if (ticket.tag !== structureTags.creation || !equalBytes(expected, ticket.digest)) failParameter('TPM_RC_TICKET', 4);
  const signer = signerOf(engine, keyHandle, asked, 1, 3);
  writeAttestation(out, engine, signer, extraData, { kind: 'creation', objectName: object.name, creationHash });
}

/** TPM2_GetTime (Part 3, 18.7). */
function getTime({ engine, handles, parameters, out }: CommandCall): void {
  const extraData = parameters.sized(66);
  const asked = readScheme(parameters);
  parameters.end();
  const signer = signerOf(engine, handles[1] as number, asked, 2, 2);
  const timeInfo = { time: engine.volatile.time, ...engine.clockInfo() };
  writeAttestation(out, engine, signer, extraData, { kind: 'time', timeInfo, reportedFirmware: firmwareVersion });
}

/** TPM2_NV_Certify (Part 3, 31.16). */
function nvCertify({ engine, handles, parameters, out }: CommandCall): void {
  const [keyHandle, authHandle, nvHandle] = handles as readonly [number, number, number];
  const extraData = parameters.sized(66);
  const asked = readScheme(parameters);
  const size = parameters.u16();
  const offset = parameters.u16();
  parameters.end();
  const index = readableNv(engine, authHandle, nvHandle);
  const signer = signerOf(engine, keyHandle, asked, 1, 2);
  const indexName = nvNameOf(index.publicArea);
  if (size === 0 && offset === 0) {
    const digest = hash(signer.scheme.hash, index.data);
    writeAttestation(out, engine, signer, extraData, { kind: 'nv-digest', indexName, digest });
    return;
  }
  if (offset + size > index.publicArea.dataSize) fail('TPM_RC_NV_RANGE');
  const contents = index.data.slice(offset, offset + size);
  writeAttestation(out, engine, signer, extraData, { kind: 'nv', indexName, offset, contents });
}

interface Ticket {
  readonly tag: number;
  readonly hierarchy: number;
  readonly digest: Uint8Array;
}

function readTicket(reader: ByteReader): Ticket {
  return { tag: reader.u16(), hierarchy: reader.u32(), digest: readSized(reader, 64) };
}

/** TPM2_Sign (Part 3, 20.2): a restricted key signs only what this TPM hashed. */
function sign({ engine, handles, parameters, out }: CommandCall): void {
  const digest = parameters.sized(64);
  const asked = readScheme(parameters);
  const ticket = parameters.next(readTicket);
  parameters.end();
  const signer = signerOf(engine, handles[0] as number, asked, 1, 2);
  if (hasAttributes(signer.object.publicArea, 'x509sign')) failHandle('TPM_RC_ATTRIBUTES', 1);
  if (hasAttributes(signer.object.publicArea, 'restricted')) {
    const hierarchy = hierarchyOfHandle(ticket.hierarchy) ?? failParameter('TPM_RC_TICKET', 3);
    if (!equalBytes(hashTicket(engine, hierarchy, signer.scheme.hash, digest), ticket.digest))
      failParameter('TPM_RC_TICKET', 3);
  }
  if (digest.length !== hash(signer.scheme.hash, new Uint8Array(0)).length) failParameter('TPM_RC_SIZE', 1);
  writeSignature(out, signDigest(engine, signer, digest));
}

/** TPM2_Hash (Part 3, 15.4). */
function hashCommand({ engine, parameters, out }: CommandCall): void {
  const data = parameters.sized(1024);
  const algorithm = parameters.hash();
  const handle = parameters.u32();
  const hierarchy = hierarchyOfHandle(handle) ?? parameters.refuse('TPM_RC_VALUE');
  parameters.end();
  const digest = hash(algorithm, data);
  writeSized(out, digest);
  // Octets that could be an attestation get no ticket (Part 3, 15.4.1).
  const generated = data.length >= 4 && equalBytes(data.subarray(0, 4), Uint8Array.of(0xff, 0x54, 0x43, 0x47));
  const proves = hierarchy !== 'null' && !generated;
  out.u16(structureTags.hashcheck).u32(proves ? handle : tpmHandles.null);
  writeSized(out, proves ? hashTicket(engine, hierarchy, algorithm, digest) : new Uint8Array(0));
}

export const attestationCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['quote', quote],
  ['certify', certify],
  ['certifyCreation', certifyCreation],
  ['getTime', getTime],
  ['nvCertify', nvCertify],
  ['sign', sign],
  ['hash', hashCommand],
];
