import { ByteReader, ByteWriter, concatBytes, equalBytes, hash, hmac, type Randomness } from '../../base/index.js';
import { handleTypes, sessionAttributes, type TpmCommand, tpmCommands, tpmHandles } from '../constants/index.js';
import { TpmTransportError } from '../errors.js';
import type { TpmTransport } from '../transport.js';
import {
  type AuthorizationAnswer,
  type AuthorizationEntry,
  decodeResponse,
  type DecodedResponse,
  encodeCommand,
  responseCodeOf,
} from './frame.js';
import type { TpmSession } from './session.js';
import type { TpmAuthorization } from './types.js';

/** Response codes that say: the same command again, a little later. */
const retryCodes = new Set([0x922, 0x90a, 0x908]);
const maximumTries = 60;

const noAuth = new Uint8Array(0);
const noHandles: readonly number[] = [];
const noAuths: readonly undefined[] = [];
const emptyPassword: AuthorizationEntry = { handle: tpmHandles.password, nonce: noAuth, attributes: 0, hmac: noAuth };

/** What a command answered: handle, and a reader over the parameters. */
export interface CommandResult {
  readonly handle: number;
  readonly reader: ByteReader;
}

export interface CommandCall {
  readonly handles?: readonly number[];
  /** For the first handles, in order; those left out are the empty password. */
  readonly auths?: readonly (TpmAuthorization | undefined)[];
  readonly parameters?: (writer: ByteWriter) => void;
}

/** Carries out one command: frame, authorizations, retries, response. */
export interface CommandRunner {
  run(command: TpmCommand, call?: CommandCall): Promise<CommandResult>;
  /** Notes a Name, so that sessions need not ask the TPM for it. */
  remember(handle: number, name: Uint8Array): void;
  forget(handle: number): void;
  readonly randomness: Randomness;
}

export function createCommandRunner(transport: TpmTransport, randomness: Randomness): CommandRunner {
  const names = new Map<number, Uint8Array>();

  async function transmit(command: TpmCommand, frame: Uint8Array): Promise<DecodedResponse> {
    for (let tries = 1; ; tries++) {
      const response = await transport.transmit(frame);
      if (tries < maximumTries && retryCodes.has(responseCodeOf(response))) {
        await new Promise((resolve) => setTimeout(resolve, Math.min(tries, 50)));
        continue;
      }
      return decodeResponse(command, response);
    }
  }

  async function nameOfHandle(handle: number): Promise<Uint8Array> {
    const type = handle >>> 24;
    const readable = type === handleTypes.transient || type === handleTypes.persistent;
    if (!readable && type !== handleTypes.nvIndex) return new ByteWriter(4).u32(handle).finish();
    const known = names.get(handle);
    if (known !== undefined) return known;
    const command = readable ? 'readPublic' : 'nvReadPublic';
    const response = await transmit(command, encodeCommand(command, [handle], [], noAuth));
    const reader = new ByteReader(response.parameters);
    reader.skip(reader.u16());
    const name = reader.take(reader.u16()).slice();
    // The Name of an NV index changes with writes and locks, so it is asked for each time.
    if (readable) names.set(handle, name);
    return name;
  }

  async function run(command: TpmCommand, call: CommandCall = {}): Promise<CommandResult> {
    const { handles = noHandles, auths = noAuths, parameters } = call;
    const count = tpmCommands[command].authorizations;
    const entries: AuthorizationEntry[] = [];
    let proven = false;
    for (let n = 0; n < count; n++) {
      const auth = auths[n];
      if (auth === undefined) entries.push(emptyPassword);
      else if (auth instanceof Uint8Array) entries.push({ ...emptyPassword, hmac: auth });
      else proven = true;
    }
    if (proven) return runInSessions(command, call);
    const response = await transmit(command, encodeCommand(command, handles, entries, parameters ?? noAuth));
    return { handle: response.handle ?? 0, reader: new ByteReader(response.parameters) };
  }

  /** With authorizations that prove the whole command, and the whole response. */
  async function runInSessions(command: TpmCommand, call: CommandCall): Promise<CommandResult> {
    const handles = call.handles ?? noHandles;
    const writer = new ByteWriter(128);
    call.parameters?.(writer);
    const parameters = writer.finish();
    const auths = Array.from({ length: tpmCommands[command].authorizations }, (_, n) => call.auths?.[n] ?? noAuth);
    const handleNames = await Promise.all(handles.map(nameOfHandle));
    const entries = auths.map((auth) =>
      auth instanceof Uint8Array
        ? { ...emptyPassword, hmac: auth }
        : sessionEntry(command, auth.session, auth.authValue ?? noAuth, handleNames, parameters, randomness),
    );
    const response = await transmit(command, encodeCommand(command, handles, entries, parameters));
    auths.forEach((auth, n) => {
      const answer = response.authorizations[n];
      if (auth instanceof Uint8Array) return;
      if (answer === undefined)
        throw new TpmTransportError('tpm_protocol', `${command}: the response is without the session that proves it`);
      checkAnswer(
        command,
        auth.session,
        newAuthValue(command, call, auth.authValue ?? noAuth),
        response.parameters,
        answer,
      );
    });
    return { handle: response.handle ?? 0, reader: new ByteReader(response.parameters) };
  }

  return {
    run,
    remember: (handle, name) => void names.set(handle, name),
    forget: (handle) => void names.delete(handle),
    randomness,
  };
}

/** HierarchyChangeAuth answers under the value that it has just set (TPM 2.0 Part 3, 24.8). */
function newAuthValue(command: TpmCommand, call: CommandCall, authValue: Uint8Array): Uint8Array {
  if (command !== 'hierarchyChangeAuth') return authValue;
  const writer = new ByteWriter(64);
  call.parameters?.(writer);
  return writer.finish().subarray(2);
}

function provesByHmac(session: TpmSession): boolean {
  return session.kind === 'hmac' || session.policyAuthValue;
}

function sessionEntry(
  command: TpmCommand,
  session: TpmSession,
  authValue: Uint8Array,
  names: readonly Uint8Array[],
  parameters: Uint8Array,
  randomness: Randomness,
): AuthorizationEntry {
  session.nonceCaller = randomness.bytes(16);
  const attributes = sessionAttributes.continueSession;
  const entry = { handle: session.handle, nonce: session.nonceCaller, attributes };
  if (session.policyPassword) return { ...entry, hmac: authValue };
  if (!provesByHmac(session)) return { ...entry, hmac: noAuth };
  const code = new ByteWriter(4).u32(tpmCommands[command].code).finish();
  const cpHash = hash(session.hash, concatBytes(code, ...names, parameters));
  const message = concatBytes(cpHash, session.nonceCaller, session.nonceTpm, Uint8Array.of(attributes));
  return { ...entry, hmac: hmac(session.hash, trimAuth(authValue), message) };
}

/** @throws TpmTransportError `tpm_protocol` for a response that the session does not prove */
function checkAnswer(
  command: TpmCommand,
  session: TpmSession,
  authValue: Uint8Array,
  parameters: Uint8Array,
  answer: AuthorizationAnswer,
): void {
  session.nonceTpm = answer.nonce.slice();
  if (session.policyPassword || !provesByHmac(session)) return;
  const code = new ByteWriter(8).u32(0).u32(tpmCommands[command].code).finish();
  const rpHash = hash(session.hash, concatBytes(code, parameters));
  const message = concatBytes(rpHash, answer.nonce, session.nonceCaller, Uint8Array.of(answer.attributes));
  if (!equalBytes(hmac(session.hash, trimAuth(authValue), message), answer.hmac)) {
    throw new TpmTransportError('tpm_protocol', `${command}: the session does not prove the response`);
  }
}

/** Authorization values are used without trailing zeros (TPM 2.0 Part 1, 19.6.5). */
export function trimAuth(value: Uint8Array): Uint8Array {
  let length = value.length;
  while (length > 0 && value[length - 1] === 0) length--;
  return value.subarray(0, length);
}
