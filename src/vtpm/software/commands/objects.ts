import { type ByteReader, ByteReader as Reader, hash, toHex } from '../../../base/index.js';
import {
  decodePublicArea,
  encodePublicArea,
  handleTypes,
  type Hierarchy,
  nameOfEncoded,
  type PublicArea,
  readPcrSelection,
  readSized,
  type TpmCommand,
  tpmAlgorithms,
  tpmHandles,
  writeSized,
} from '../../../tpm/index.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import {
  checkTemplate,
  type CreationRequest,
  derivationStream,
  makeKey,
  parentFacts,
  templateName,
  writeCreation,
} from '../core/creation.js';
import { type Engine, hierarchyOfHandle, limits } from '../core/engine.js';
import { fail, failHandle, failParameter } from '../core/failure.js';
import { createObject, isStorageParent, type TpmObject, unwrapSensitive, wrapSensitive } from '../core/object.js';
import { decoded, type ParameterReader } from '../core/parameters.js';

const none = new Uint8Array(0);

function readTemplate(reader: ByteReader): PublicArea {
  return decodePublicArea(readSized(reader));
}

function readRequest(parameters: ParameterReader): CreationRequest {
  const sensitive = parameters.next((reader) => {
    const octets = readSized(reader);
    if (octets.length === 0) parameters.refuse('TPM_RC_SIZE');
    const inner = new Reader(octets);
    const parts = { userAuth: readSized(inner, 64), data: readSized(inner, 256) };
    inner.end('TPMS_SENSITIVE_CREATE');
    return parts;
  });
  const template = parameters.next(readTemplate);
  const outsideInfo = parameters.sized(66);
  const creationPcrs = parameters.next(readPcrSelection);
  parameters.end();
  return { ...sensitive, template, outsideInfo, creationPcrs };
}

/** TPM2_CreatePrimary (TPM 2.0 Part 3, 24.1): the same seed and request give the same key. */
function createPrimary(call: CommandCall): void | Promise<void> {
  const { engine, handles, parameters } = call;
  const handle = handles[0] as number;
  const hierarchy = hierarchyOfHandle(handle) as Hierarchy;
  const request = readRequest(parameters);
  engine.requireRoom();
  checkTemplate(request, null);
  const { seed } = engine.permanent.hierarchies[hierarchy];
  const encoded = encodePublicArea(request.template);
  const stream = derivationStream(seed, encoded, request.data);
  const cacheKey = toHex(hash('sha256', Buffer.concat([seed, request.data]))) + templateName(encoded);
  return afterKey(makeKey(request, stream, cacheKey), ({ publicArea, sensitive }) => {
    const parent = parentFacts(handle);
    const object = createObject(publicArea, sensitive, hierarchy, parent.qualifiedName);
    call.responseHandle = engine.load(object);
    writeSized(call.out, object.encodedPublic);
    writeCreation(call.out, engine, object, request, parent);
    writeSized(call.out, object.name);
  });
}

function afterKey<T>(made: T | Promise<T>, use: (key: T) => void): void | Promise<void> {
  if (made instanceof Promise) return made.then(use);
  use(made);
}

function requireParent(engine: Engine, handle: number): TpmObject {
  const parent = engine.object(handle);
  return isStorageParent(parent) ? parent : failHandle('TPM_RC_TYPE', 1);
}

/** TPM2_Create (Part 3, 12.1). */
function create(call: CommandCall): void | Promise<void> {
  const { engine, handles, parameters, out } = call;
  const parent = requireParent(engine, handles[0] as number);
  const request = readRequest(parameters);
  checkTemplate(request, parent);
  const made = makeKey(request, (length) => engine.randomness.bytes(length), null);
  return afterKey(made, ({ publicArea, sensitive }) => {
    const object = createObject(publicArea, sensitive, parent.hierarchy, parent.qualifiedName);
    writeSized(out, wrapSensitive(parent, object.name, publicArea, sensitive, engine.randomness.bytes(16)));
    writeSized(out, object.encodedPublic);
    writeCreation(out, engine, object, request, parentFacts(parent));
  });
}

/** TPM2_Load (Part 3, 12.2). */
function load(call: CommandCall): void {
  const { engine, handles, parameters, out } = call;
  const parent = requireParent(engine, handles[0] as number);
  const blob = parameters.sized(1024);
  const publicArea = parameters.next(readTemplate);
  parameters.end();
  engine.requireRoom();
  const name = nameOfEncoded(encodePublicArea(publicArea), publicArea.nameAlgorithm);
  const sensitive = decoded('TPM_RC_INSUFFICIENT', () => unwrapSensitive(parent, name, blob));
  if (sensitive === null) failParameter('TPM_RC_INTEGRITY', 1);
  if (sensitive.type !== tpmAlgorithms[publicArea.kind]) failParameter('TPM_RC_TYPE', 1);
  const object = createObject(publicArea, sensitive, parent.hierarchy, parent.qualifiedName);
  call.responseHandle = engine.load(object);
  writeSized(out, object.name);
}

/** TPM2_LoadExternal (Part 3, 12.3), public parts only. */
function loadExternal(call: CommandCall): void {
  const { engine, parameters, out } = call;
  if (parameters.sized(1024).length > 0) parameters.refuse('TPM_RC_TYPE');
  const publicArea = parameters.next(readTemplate);
  const handle = parameters.u32();
  const hierarchy = hierarchyOfHandle(handle) ?? parameters.refuse('TPM_RC_VALUE');
  parameters.end();
  engine.requireRoom();
  const object = createObject(publicArea, null, hierarchy, parentFacts(handle).qualifiedName);
  call.responseHandle = engine.load(object);
  writeSized(out, object.name);
}

/** TPM2_ReadPublic (Part 3, 12.4). */
function readPublic({ engine, handles, parameters, out }: CommandCall): void {
  parameters.end();
  const object = engine.object(handles[0] as number);
  writeSized(out, object.encodedPublic);
  writeSized(out, object.name);
  writeSized(out, object.qualifiedName);
}

/** TPM2_Unseal (Part 3, 12.7). */
function unseal({ engine, handles, parameters, out }: CommandCall): void {
  parameters.end();
  const { publicArea, sensitive } = engine.object(handles[0] as number);
  if (publicArea.kind !== 'keyedhash') failHandle('TPM_RC_TYPE', 1);
  if ((publicArea.attributes & 0x70000) !== 0) failHandle('TPM_RC_ATTRIBUTES', 1);
  writeSized(out, sensitive?.secret ?? none);
}

/** TPM2_ObjectChangeAuth (Part 3, 12.8): a new private part with another authorization value. */
function objectChangeAuth({ engine, handles, parameters, out }: CommandCall): void {
  const object = engine.object(handles[0] as number);
  const parent = engine.object(handles[1] as number);
  const authValue = parameters.sized(64);
  parameters.end();
  if (!isStorageParent(parent)) failHandle('TPM_RC_TYPE', 2);
  const expected = createObject(
    object.publicArea,
    object.sensitive,
    parent.hierarchy,
    parent.qualifiedName,
  ).qualifiedName;
  if (object.sensitive === null || Buffer.compare(expected, object.qualifiedName) !== 0) failHandle('TPM_RC_TYPE', 2);
  const sensitive = { ...object.sensitive, authValue };
  writeSized(out, wrapSensitive(parent, object.name, object.publicArea, sensitive, engine.randomness.bytes(16)));
}

/** TPM2_FlushContext (Part 3, 28.4): the handle is a parameter. */
function flushContext({ engine, parameters }: CommandCall): void {
  const handle = parameters.u32();
  parameters.end();
  const { transient, hmacSession, policySession } = handleTypes;
  if (![transient, hmacSession, policySession].some((type) => type === handle >>> 24)) failParameter('TPM_RC_VALUE', 1);
  const { objects, sessions, savedSessions } = engine.volatile;
  if (!objects.delete(handle) && !sessions.delete(handle) && !savedSessions.delete(handle))
    failParameter('TPM_RC_HANDLE', 1);
}

/** TPM2_EvictControl (Part 3, 28.5). */
function evictControl({ engine, handles, parameters }: CommandCall): void {
  const [authority, handle] = handles as readonly [number, number];
  const persistent = parameters.u32();
  if (persistent >>> 24 !== handleTypes.persistent) parameters.refuse('TPM_RC_VALUE');
  parameters.end();
  const { permanent } = engine;
  const object = engine.object(handle);
  const byPlatform = authority === tpmHandles.platform;
  if (object.sensitive === null) failHandle('TPM_RC_ATTRIBUTES', 2);
  if (object.hierarchy === 'null' || (object.hierarchy === 'platform') !== byPlatform)
    failHandle('TPM_RC_HIERARCHY', 2);
  if (handle >>> 24 === handleTypes.persistent) {
    if (handle !== persistent) failHandle('TPM_RC_HANDLE', 2);
    permanent.persistent.delete(handle);
  } else {
    // The platform's part of the range begins at 0x81800000 (Part 2, 7.5).
    if (persistent >= 0x81800000 !== byPlatform) failParameter('TPM_RC_RANGE', 1);
    if (permanent.persistent.has(persistent)) fail('TPM_RC_NV_DEFINED');
    if (permanent.persistent.size >= limits.persistent) fail('TPM_RC_NV_SPACE');
    permanent.persistent.set(persistent, object);
  }
  engine.dirty = true;
}

export const objectCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['createPrimary', createPrimary],
  ['create', create],
  ['load', load],
  ['loadExternal', loadExternal],
  ['readPublic', readPublic],
  ['unseal', unseal],
  ['objectChangeAuth', objectChangeAuth],
  ['flushContext', flushContext],
  ['evictControl', evictControl],
];
