import { timingSafeEqual } from 'node:crypto';
import {
  type ByteReader,
  ByteReader as Reader,
  ByteWriter,
  concatBytes,
  hash,
  hmac,
  type HashAlgorithm,
} from '../../../base/index.js';
import {
  handleTypes,
  sessionAttributes,
  type TpmCommand,
  tpmCommands,
  tpmHandles,
  trimAuth,
} from '../../../tpm/index.js';
import type { Engine } from './engine.js';
import { type Entity, entityName, entityOf } from './entity.js';
import { CommandFailure, fail, failSession, type PlacedCode } from './failure.js';
import { checkLockout, refuseValue } from './lockout.js';
import { cipherParameter } from './parameter-cipher.js';
import { emptyPolicy, type Session } from './session.js';

const none = new Uint8Array(0);
const maximumSessions = 3;

/** One session of a command; `session` is null for a password. */
export interface UsedSession {
  readonly session: Session | null;
  readonly attributes: number;
  readonly nonceCaller: Uint8Array;
  readonly hmac: Uint8Array;
  /** What it authorizes; null: it only encrypts or audits. */
  readonly entity: Entity | null;
}

/** Octets are compared in constant time. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Reads the authorization area. @throws CommandFailure */
export function readSessions(
  engine: Engine,
  command: TpmCommand,
  handles: readonly number[],
  reader: ByteReader,
): UsedSession[] {
  const size = reader.remaining >= 4 ? reader.u32() : fail('TPM_RC_INSUFFICIENT');
  if (size < 9 || size > reader.remaining) fail('TPM_RC_SIZE');
  const area = new Reader(reader.take(size));
  const used: UsedSession[] = [];
  while (area.remaining > 0) {
    const number = used.length + 1;
    if (number > maximumSessions) fail('TPM_RC_SIZE');
    if (area.remaining < 9) failSession('TPM_RC_INSUFFICIENT', number);
    used.push(readSession(engine, command, handles, area, number));
  }
  return used;
}

function readSession(
  engine: Engine,
  command: TpmCommand,
  handles: readonly number[],
  area: ByteReader,
  number: number,
): UsedSession {
  const handle = area.u32();
  const take = (): Uint8Array => {
    const length = area.remaining >= 2 ? area.u16() : failSession('TPM_RC_INSUFFICIENT', number);
    if (length > area.remaining) failSession('TPM_RC_INSUFFICIENT', number);
    return length > 64 ? failSession('TPM_RC_SIZE', number) : area.take(length);
  };
  const nonceCaller = take();
  const attributes = area.remaining >= 1 ? area.u8() : failSession('TPM_RC_INSUFFICIENT', number);
  if ((attributes & 0x18) !== 0) failSession('TPM_RC_RESERVED_BITS', number);
  const proof = take();
  const session = handle === tpmHandles.password ? null : sessionOf(engine, handle, number);
  const authorized = number <= tpmCommands[command].authorizations;
  if (session === null) {
    if (nonceCaller.length > 0) failSession('TPM_RC_NONCE', number);
    if ((attributes & ~sessionAttributes.continueSession) !== 0) failSession('TPM_RC_ATTRIBUTES', number);
    if (!authorized) failSession('TPM_RC_HANDLE', number);
  }
  checkCipherUse(command, session, attributes, number);
  const entity = authorized ? entityOf(engine, command, handles[number - 1] as number, number - 1) : null;
  return { session, attributes, nonceCaller, hmac: proof, entity };
}

function sessionOf(engine: Engine, handle: number, number: number): Session {
  const type = handle >>> 24;
  if (type !== handleTypes.hmacSession && type !== handleTypes.policySession) failSession('TPM_RC_HANDLE', number);
  const session = engine.volatile.sessions.get(handle);
  if (session === undefined) throw new CommandFailure(0x918 + number - 1);
  if (session.kind === 'trial') failSession('TPM_RC_ATTRIBUTES', number);
  return session;
}

function checkCipherUse(command: TpmCommand, session: Session | null, attributes: number, number: number): void {
  const decrypts = (attributes & sessionAttributes.decrypt) !== 0;
  const encrypts = (attributes & sessionAttributes.encrypt) !== 0;
  if (!decrypts && !encrypts) return;
  if (session?.cipher === null) failSession('TPM_RC_SYMMETRIC', number);
  if (decrypts && !tpmCommands[command].decryptable) failSession('TPM_RC_ATTRIBUTES', number);
  if (encrypts && !tpmCommands[command].encryptable) failSession('TPM_RC_ATTRIBUTES', number);
}

/** Checks every session of a command. @throws CommandFailure */
export function authorize(
  engine: Engine,
  command: TpmCommand,
  handles: readonly number[],
  sessions: readonly UsedSession[],
  parameters: Uint8Array,
): void {
  const digests = new Map<HashAlgorithm, Uint8Array>();
  const cpHash = (algorithm: HashAlgorithm): Uint8Array => {
    const known = digests.get(algorithm);
    if (known !== undefined) return known;
    const code = new ByteWriter(4).u32(tpmCommands[command].code).finish();
    const digest = hash(
      algorithm,
      concatBytes(code, ...handles.map((handle) => entityName(engine, handle)), parameters),
    );
    digests.set(algorithm, digest);
    return digest;
  };
  sessions.forEach((used, n) => {
    if (used.entity === null) checkProof(engine, used, n + 1, sessions, cpHash);
    else authorizeEntity(engine, command, used, used.entity, n + 1, sessions, cpHash);
  });
}

function authorizeEntity(
  engine: Engine,
  command: TpmCommand,
  used: UsedSession,
  entity: Entity,
  number: number,
  sessions: readonly UsedSession[],
  cpHash: (algorithm: HashAlgorithm) => Uint8Array,
): void {
  const { session } = used;
  if (session?.kind === 'policy') {
    if (!entity.policyAllowed) fail('TPM_RC_AUTH_UNAVAILABLE');
    checkPolicy(engine, command, session, entity, number);
    if (session.policy.authValueNeeded || session.policy.passwordNeeded) checkLockout(engine, entity);
    if (session.policy.passwordNeeded) {
      if (!same(trimAuth(used.hmac), trimAuth(entity.authValue))) refuseValue(engine, entity, number);
      return;
    }
    checkProof(engine, used, number, sessions, cpHash);
    return;
  }
  if (!entity.valueAllowed) fail('TPM_RC_AUTH_UNAVAILABLE');
  checkLockout(engine, entity);
  if (session !== null) checkProof(engine, used, number, sessions, cpHash);
  else if (!same(trimAuth(used.hmac), trimAuth(entity.authValue))) refuseValue(engine, entity, number);
}

function checkPolicy(engine: Engine, command: TpmCommand, session: Session, entity: Entity, number: number): void {
  const { policy } = session;
  const refuse = (code: PlacedCode): never => failSession(code, number);
  if (policy.pcrCounter !== null && policy.pcrCounter !== engine.volatile.pcrs.updateCounter)
    fail('TPM_RC_PCR_CHANGED');
  if (policy.localities !== 0 && ((policy.localities >> engine.locality) & 1) === 0) fail('TPM_RC_LOCALITY');
  if (policy.commandCode !== null && policy.commandCode !== tpmCommands[command].code) refuse('TPM_RC_POLICY_CC');
  if (entity.needsCommandCode && policy.commandCode === null) refuse('TPM_RC_POLICY_FAIL');
  if (!same(policy.digest, entity.authPolicy)) refuse('TPM_RC_POLICY_FAIL');
}

/** Key of a session's HMAC: the session key and, unless it is bound to the entity, the entity's value. */
function proofKey(used: UsedSession): Uint8Array {
  const { session, entity } = used;
  if (session === null) return none;
  if (entity === null) return session.key;
  if (session.kind === 'policy') {
    return session.policy.authValueNeeded ? concatBytes(session.key, trimAuth(entity.authValue)) : session.key;
  }
  if (session.bound !== null && same(session.bound, boundTo(entity.name, entity.authValue))) return session.key;
  return concatBytes(session.key, trimAuth(entity.authValue));
}

/** What a session remembers of the entity that it is bound to. */
export function boundTo(name: Uint8Array, authValue: Uint8Array): Uint8Array {
  return concatBytes(name, Uint8Array.of(0xff), trimAuth(authValue));
}

/** Nonces of other sessions that the first one also proves (TPM 2.0 Part 1, 19.6.5). */
function foreignNonces(used: UsedSession, sessions: readonly UsedSession[]): Uint8Array {
  if (used !== sessions[0]) return none;
  const decrypting = sessions.find(({ attributes }) => (attributes & sessionAttributes.decrypt) !== 0);
  const encrypting = sessions.find(({ attributes }) => (attributes & sessionAttributes.encrypt) !== 0);
  const parts: Uint8Array[] = [];
  if (decrypting !== undefined && decrypting !== used) parts.push(decrypting.session?.nonceTpm ?? none);
  if (encrypting !== undefined && encrypting !== used && encrypting !== decrypting)
    parts.push(encrypting.session?.nonceTpm ?? none);
  return concatBytes(...parts);
}

function checkProof(
  engine: Engine,
  used: UsedSession,
  number: number,
  sessions: readonly UsedSession[],
  cpHash: (algorithm: HashAlgorithm) => Uint8Array,
): void {
  const { session } = used;
  if (session === null) return;
  const key = proofKey(used);
  if (key.length === 0 && used.hmac.length === 0 && (session.kind === 'policy' || used.entity === null)) return;
  const message = concatBytes(
    cpHash(session.hash),
    used.nonceCaller,
    session.nonceTpm,
    foreignNonces(used, sessions),
    Uint8Array.of(used.attributes),
  );
  if (same(hmac(session.hash, key, message), used.hmac)) return;
  if (used.entity === null) failSession('TPM_RC_BAD_AUTH', number);
  refuseValue(engine, used.entity, number);
}

/** Value that parameter encryption mixes with the session key. */
function cipherKey(used: UsedSession): Uint8Array {
  return used.session === null ? none : concatBytes(used.session.key, trimAuth(used.entity?.authValue ?? none));
}

/** Decrypts the first parameter in place where a session asks for it. */
export function decryptParameters(sessions: readonly UsedSession[], parameters: Uint8Array): Uint8Array {
  const used = sessions.find(({ attributes }) => (attributes & sessionAttributes.decrypt) !== 0);
  const session = used?.session ?? null;
  if (used === undefined || session === null) return parameters;
  return cipherParameter(
    session,
    cipherKey(used),
    { newer: used.nonceCaller, older: session.nonceTpm },
    parameters,
    'decrypt',
  );
}

/** New nonces, encrypted first parameter, and the authorization area of the response. */
export function answerSessions(
  engine: Engine,
  command: TpmCommand,
  sessions: readonly UsedSession[],
  parameters: Uint8Array,
): { readonly parameters: Uint8Array; readonly area: Uint8Array } {
  // Under the values that the command has left (TPM 2.0 Part 1, 19.6.8), and before policy data are reset.
  const keys = sessions.map((used, n) => proofKey(current(engine, command, used, n)));
  const passwords = sessions.map(({ session }) => session?.kind === 'policy' && session.policy.passwordNeeded);
  for (const { session } of sessions)
    if (session !== null) session.nonceTpm = engine.randomness.bytes(session.nonceTpm.length);
  let sent = parameters;
  const encrypting = sessions.find(({ attributes }) => (attributes & sessionAttributes.encrypt) !== 0);
  const cipherSession = encrypting?.session ?? null;
  if (encrypting !== undefined && cipherSession !== null) {
    const nonces = { newer: cipherSession.nonceTpm, older: encrypting.nonceCaller };
    sent = cipherParameter(cipherSession, cipherKey(encrypting), nonces, parameters, 'encrypt');
  }
  const area = new ByteWriter(128);
  sessions.forEach((used, n) => {
    const { session, attributes, nonceCaller } = used;
    if (session === null) {
      area
        .u16(0)
        .u8(attributes | sessionAttributes.continueSession)
        .u16(0);
      return;
    }
    const key = keys[n] as Uint8Array;
    // Without a key the response has an HMAC if the command had one.
    const silent = passwords[n] === true || (key.length === 0 && used.hmac.length === 0);
    const code = new ByteWriter(8).u32(0).u32(tpmCommands[command].code).finish();
    const rpHash = hash(session.hash, concatBytes(code, sent));
    const message = concatBytes(rpHash, session.nonceTpm, nonceCaller, Uint8Array.of(attributes));
    const proof = silent ? none : hmac(session.hash, key, message);
    area.u16(session.nonceTpm.length).bytes(session.nonceTpm).u8(attributes).u16(proof.length).bytes(proof);
    finishSession(engine, used, session);
  });
  return { parameters: sent, area: area.finish() };
}

function current(engine: Engine, command: TpmCommand, used: UsedSession, position: number): UsedSession {
  const { entity, session } = used;
  if (entity === null || session === null || !isThere(engine, entity.handle)) return used;
  return { ...used, entity: entityOf(engine, command, entity.handle, position) };
}

function isThere(engine: Engine, handle: number): boolean {
  switch (handle >>> 24) {
    case handleTypes.transient:
      return engine.volatile.objects.has(handle);
    case handleTypes.persistent:
      return engine.permanent.persistent.has(handle);
    case handleTypes.nvIndex:
      return engine.permanent.nv.has(handle);
    default:
      return true;
  }
}

function finishSession(engine: Engine, used: UsedSession, session: Session): void {
  if ((used.attributes & sessionAttributes.continueSession) === 0) engine.volatile.sessions.delete(session.handle);
  else if (used.entity !== null && session.kind === 'policy') session.policy = emptyPolicy(session.hash);
}
