import { ByteWriter, concatBytes, digestSizes, equalBytes, hash } from '../../../base/index.js';
import {
  handleTypes,
  hasAttributes,
  kdfA,
  readPcrSelection,
  readSized,
  structureTags,
  tpmAlgorithms,
  type TpmCommand,
  tpmCommands,
  tpmHandles,
  trimAuth,
  writePcrSelection,
  writeSized,
} from '../../../tpm/index.js';
import { boundTo } from '../core/authorization.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import { type Engine, limits } from '../core/engine.js';
import { entityName, entityOf } from '../core/entity.js';
import { fail, failHandle, failParameter } from '../core/failure.js';
import type { ParameterReader } from '../core/parameters.js';
import { receiveSecret } from '../core/secret.js';
import { emptyPolicy, type ParameterCipher, type PolicyState, type Session } from '../core/session.js';

const none = new Uint8Array(0);
const sessionKinds = ['hmac', 'policy', undefined, 'trial'] as const;

function readCipher(parameters: ParameterReader): ParameterCipher | null {
  return parameters.next((reader) => {
    const id = reader.u16();
    if (id === tpmAlgorithms.null) return null;
    if (id === tpmAlgorithms.xor) {
      const hashId = reader.u16();
      const algorithm = (['sha1', 'sha256', 'sha384', 'sha512'] as const).find(
        (name) => tpmAlgorithms[name] === hashId,
      );
      return { kind: 'xor', hash: algorithm ?? parameters.refuse('TPM_RC_HASH') };
    }
    const keyBits = reader.u16();
    const mode = reader.u16();
    if (id !== tpmAlgorithms.aes) parameters.refuse('TPM_RC_SYMMETRIC');
    if (keyBits !== 128 && keyBits !== 192 && keyBits !== 256) parameters.refuse('TPM_RC_KEY_SIZE');
    return mode === tpmAlgorithms.cfb ? { kind: 'aes', keyBits } : parameters.refuse('TPM_RC_MODE');
  });
}

/** TPM2_StartAuthSession (TPM 2.0 Part 3, 11.1). */
function startAuthSession(call: CommandCall): void {
  const { engine, handles, parameters, out } = call;
  const [saltKey, bind] = handles as readonly [number, number];
  const nonceCaller = parameters.sized(64);
  const encryptedSalt = parameters.sized(512);
  const kind = sessionKinds[parameters.u8()] ?? parameters.refuse('TPM_RC_VALUE');
  const cipher = readCipher(parameters);
  const algorithm = parameters.hash();
  parameters.end();
  const size = digestSizes[algorithm];
  if (nonceCaller.length < 16 || nonceCaller.length > size) failParameter('TPM_RC_SIZE', 1);
  const salt = saltKey === tpmHandles.null ? none : openSalt(engine, saltKey, encryptedSalt);
  if (saltKey === tpmHandles.null && encryptedSalt.length > 0) failParameter('TPM_RC_VALUE', 2);
  const entity = bind === tpmHandles.null ? null : entityOf(engine, 'startAuthSession', bind, 1);
  const nonceTpm = engine.randomness.bytes(nonceCaller.length);
  const material = concatBytes(entity === null ? none : trimAuth(entity.authValue), salt);
  const unkeyed = entity === null && saltKey === tpmHandles.null;
  const key = unkeyed ? none : kdfA(algorithm, material, 'ATH', nonceTpm, nonceCaller, size * 8);
  const bound = entity === null || kind !== 'hmac' ? null : boundTo(entity.name, entity.authValue);
  const handle = freeSession(engine, kind === 'hmac' ? handleTypes.hmacSession : handleTypes.policySession);
  const session: Session = {
    handle,
    kind,
    hash: algorithm,
    key,
    cipher,
    bound,
    nonceTpm,
    policy: emptyPolicy(algorithm),
  };
  engine.volatile.sessions.set(handle, session);
  call.responseHandle = handle;
  writeSized(out, nonceTpm);
}

function openSalt(engine: Engine, handle: number, encrypted: Uint8Array): Uint8Array {
  const object = engine.object(handle);
  const { publicArea } = object;
  if ((publicArea.kind !== 'rsa' && publicArea.kind !== 'ecc') || object.sensitive === null)
    failHandle('TPM_RC_KEY', 1);
  if (!hasAttributes(publicArea, 'decrypt')) failHandle('TPM_RC_ATTRIBUTES', 1);
  return receiveSecret(object, 'SECRET', encrypted) ?? failParameter('TPM_RC_VALUE', 2);
}

function freeSession({ volatile }: Engine, type: number): number {
  const { sessions, savedSessions } = volatile;
  if (sessions.size + savedSessions.size >= limits.sessions) fail('TPM_RC_SESSION_HANDLES');
  for (let n = 0; ; n++) {
    const taken = [handleTypes.hmacSession, handleTypes.policySession].some((other) => {
      const handle = ((other << 24) | n) >>> 0;
      return sessions.has(handle) || savedSessions.has(handle);
    });
    if (!taken) return ((type << 24) | n) >>> 0;
  }
}

function sessionOf({ engine, handles }: CommandCall, position = 0): Session {
  return engine.volatile.sessions.get(handles[position] as number) ?? fail('TPM_RC_HANDLE');
}

/** The policy digest goes on by what a command asserts (Part 1, 19.7.6). */
function extendPolicy(session: Session, command: TpmCommand, ...parts: readonly Uint8Array[]): void {
  const code = new ByteWriter(4).u32(tpmCommands[command].code).finish();
  session.policy.digest = hash(session.hash, concatBytes(session.policy.digest, code, ...parts));
}

/** TPM2_PolicySecret (Part 3, 23.4). */
function policySecret(call: CommandCall): void {
  const { engine, handles, parameters, out } = call;
  const session = sessionOf(call, 1);
  const nonceTpm = parameters.sized(64);
  const cpHash = parameters.sized(64);
  const policyRef = parameters.sized(64);
  parameters.u32();
  parameters.end();
  if (nonceTpm.length > 0 && !equalBytes(nonceTpm, session.nonceTpm)) failParameter('TPM_RC_VALUE', 1);
  if (cpHash.length > 0) failParameter('TPM_RC_VALUE', 2);
  extendPolicy(session, 'policySecret', entityName(engine, handles[0] as number));
  session.policy.digest = hash(session.hash, concatBytes(session.policy.digest, policyRef));
  // No time-out and a null ticket: tickets are made for expiring policies only.
  out.u16(0).u16(structureTags.authSecret).u32(tpmHandles.null).u16(0);
}

/** TPM2_PolicyPCR (Part 3, 23.7). */
function policyPcr(call: CommandCall): void {
  const { engine, parameters } = call;
  const session = sessionOf(call);
  const given = parameters.sized(64);
  const selection = parameters.next(readPcrSelection);
  parameters.end();
  const { pcrs } = engine.volatile;
  const present = pcrs.available(selection);
  let digest = given;
  if (session.kind !== 'trial') {
    const current = hash(session.hash, pcrs.concatenated(present));
    if (given.length > 0 && !equalBytes(given, current)) failParameter('TPM_RC_VALUE', 1);
    if (session.policy.pcrCounter !== null && session.policy.pcrCounter !== pcrs.updateCounter)
      fail('TPM_RC_PCR_CHANGED');
    session.policy.pcrCounter = pcrs.updateCounter;
    digest = current;
  } else if (given.length === 0) digest = hash(session.hash, pcrs.concatenated(present));
  const encoded = new ByteWriter(64);
  writePcrSelection(encoded, present);
  extendPolicy(session, 'policyPcr', encoded.finish(), digest);
}

/** TPM2_PolicyCommandCode (Part 3, 23.11). */
function policyCommandCode(call: CommandCall): void {
  const session = sessionOf(call);
  const code = call.parameters.u32();
  call.parameters.end();
  const { commandCode } = session.policy;
  if (commandCode !== null && commandCode !== code) failParameter('TPM_RC_VALUE', 1);
  extendPolicy(session, 'policyCommandCode', new ByteWriter(4).u32(code).finish());
  session.policy.commandCode = code;
}

/** TPM2_PolicyLocality (Part 3, 23.8); localities 0 to 4, as bits. */
function policyLocality(call: CommandCall): void {
  const session = sessionOf(call);
  const localities = call.parameters.u8();
  call.parameters.end();
  const { policy } = session;
  if (localities === 0 || localities > 0x1f) failParameter('TPM_RC_RANGE', 1);
  const both = policy.localities === 0 ? localities : policy.localities & localities;
  if (both === 0) failParameter('TPM_RC_RANGE', 1);
  extendPolicy(session, 'policyLocality', Uint8Array.of(localities));
  policy.localities = both;
}

/** TPM2_PolicyAuthValue (Part 3, 23.17). */
function policyAuthValue(call: CommandCall): void {
  const session = sessionOf(call);
  call.parameters.end();
  extendPolicy(session, 'policyAuthValue');
  setNeeds(session.policy, true, false);
}

/** TPM2_PolicyPassword (Part 3, 23.18): the same digest as PolicyAuthValue. */
function policyPassword(call: CommandCall): void {
  const session = sessionOf(call);
  call.parameters.end();
  extendPolicy(session, 'policyAuthValue');
  setNeeds(session.policy, false, true);
}

function setNeeds(policy: PolicyState, authValue: boolean, password: boolean): void {
  policy.authValueNeeded = authValue;
  policy.passwordNeeded = password;
}

/** TPM2_PolicyOR (Part 3, 23.6). */
function policyOr(call: CommandCall): void {
  const session = sessionOf(call);
  const branches = call.parameters.next((reader) => {
    const count = reader.u32();
    if (count < 2 || count > 8) call.parameters.refuse('TPM_RC_SIZE');
    return Array.from({ length: count }, () => readSized(reader, 64));
  });
  call.parameters.end();
  const { digest } = session.policy;
  if (session.kind !== 'trial' && !branches.some((branch) => equalBytes(branch, digest)))
    failParameter('TPM_RC_VALUE', 1);
  session.policy.digest = new Uint8Array(digest.length);
  extendPolicy(session, 'policyOr', ...branches);
}

/** TPM2_PolicyRestart (Part 3, 11.2). */
function policyRestart(call: CommandCall): void {
  const session = sessionOf(call);
  call.parameters.end();
  session.policy = emptyPolicy(session.hash);
}

/** TPM2_PolicyGetDigest (Part 3, 23.19). */
function policyGetDigest(call: CommandCall): void {
  const session = sessionOf(call);
  call.parameters.end();
  writeSized(call.out, session.policy.digest);
}

export const policyCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['startAuthSession', startAuthSession],
  ['policySecret', policySecret],
  ['policyPcr', policyPcr],
  ['policyCommandCode', policyCommandCode],
  ['policyLocality', policyLocality],
  ['policyAuthValue', policyAuthValue],
  ['policyPassword', policyPassword],
  ['policyOr', policyOr],
  ['policyRestart', policyRestart],
  ['policyGetDigest', policyGetDigest],
];
