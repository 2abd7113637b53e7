import { ByteReader, ByteWriter } from '../../../base/index.js';
import { commandName, structureTags, type TpmCommand, tpmCommands } from '../../../tpm/index.js';
import { answerSessions, authorize, decryptParameters, readSessions, type UsedSession } from './authorization.js';
import type { CommandCall, CommandHandler } from './call.js';
import { type Engine, limits } from './engine.js';
import { checkHandle } from './entity.js';
import { CommandFailure, fail, failHandle } from './failure.js';
import { fitsKind, handleKinds } from './handle-kinds.js';
import { ParameterReader } from './parameters.js';

/** Commands that a software TPM carries out. */
export type CommandTable = ReadonlyMap<TpmCommand, CommandHandler>;

interface Prepared {
  readonly command: TpmCommand;
  readonly handler: CommandHandler;
  readonly call: CommandCall;
}

/** A response without parameters: what every refusal is. */
export function plainResponse(responseCode: number): Uint8Array {
  const tag = responseCode === 0x1e ? structureTags.rspCommand : structureTags.noSessions;
  return new ByteWriter(10).u16(tag).u32(10).u32(responseCode).finish();
}

/** Carries out one frame. The response comes at once, or as a promise where the command's work leaves the event loop. */
export function dispatch(engine: Engine, table: CommandTable, frame: Uint8Array): Uint8Array | Promise<Uint8Array> {
  try {
    engine.tick();
    const { command, handler, call } = prepare(engine, table, frame);
    const pending = handler(call);
    if (pending === undefined) return answer(engine, command, call);
    return pending.then(
      () => answer(engine, command, call),
      (error: unknown) => refuse(error),
    );
  } catch (error) {
    return refuse(error);
  }
}

function refuse(error: unknown): Uint8Array {
  if (error instanceof CommandFailure) return plainResponse(error.responseCode);
  throw error;
}

/** Everything that Part 3, section 5 checks before the command's own code runs. */
function prepare(engine: Engine, table: CommandTable, frame: Uint8Array): Prepared {
  const { tag, command, handler } = readHeader(engine, table, frame);
  const reader = new ByteReader(frame);
  reader.skip(10);
  const handles = readHandles(engine, command, reader);
  const { authorizations } = tpmCommands[command];
  let sessions: readonly UsedSession[] = [];
  if (tag === structureTags.sessions) {
    sessions = readSessions(engine, command, handles, reader);
    if (sessions.length < authorizations) fail('TPM_RC_AUTH_MISSING');
  } else if (authorizations > 0) fail('TPM_RC_AUTH_MISSING');
  const rest = reader.take(reader.remaining);
  if (sessions.length > 0) authorize(engine, command, handles, sessions, rest);
  const parameters = new ParameterReader(sessions.length > 0 ? decryptParameters(sessions, rest) : rest);
  const call: CommandCall = { engine, handles, parameters, out: new ByteWriter(256), sessions, responseHandle: 0 };
  return { command, handler, call };
}

function readHeader(
  engine: Engine,
  table: CommandTable,
  frame: Uint8Array,
): { readonly tag: number; readonly command: TpmCommand; readonly handler: CommandHandler } {
  if (frame.length < 2) fail('TPM_RC_INSUFFICIENT');
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const tag = view.getUint16(0);
  if (tag !== structureTags.sessions && tag !== structureTags.noSessions) throw new CommandFailure(0x1e);
  if (frame.length < 6) fail('TPM_RC_INSUFFICIENT');
  if (frame.length > limits.command || view.getUint32(2) !== frame.length) fail('TPM_RC_COMMAND_SIZE');
  if (frame.length < 10) fail('TPM_RC_INSUFFICIENT');
  const command = commandName(view.getUint32(6));
  const handler = command === undefined ? undefined : table.get(command);
  if (command === undefined || handler === undefined) fail('TPM_RC_COMMAND_CODE');
  if (!engine.volatile.started && command !== 'startup') fail('TPM_RC_INITIALIZE');
  return { tag, command, handler };
}

function readHandles(engine: Engine, command: TpmCommand, reader: ByteReader): readonly number[] {
  const kinds = handleKinds[command] ?? [];
  const handles: number[] = [];
  for (let position = 0; position < tpmCommands[command].handles; position++) {
    if (reader.remaining < 4) failHandle('TPM_RC_INSUFFICIENT', position + 1);
    const handle = reader.u32();
    const kind = kinds[position];
    if (kind !== undefined && !fitsKind(handle, kind)) failHandle('TPM_RC_VALUE', position + 1);
    handles.push(handle);
  }
  handles.forEach((handle, position) => {
    checkHandle(engine, handle, position);
  });
  return handles;
}

function answer(engine: Engine, command: TpmCommand, call: CommandCall): Uint8Array {
  const { sessions } = call;
  const body = call.out.finish();
  const carriesHandle = tpmCommands[command].responseHandle;
  const writer = new ByteWriter(32 + body.length);
  writer
    .u16(sessions.length > 0 ? structureTags.sessions : structureTags.noSessions)
    .u32(0)
    .u32(0);
  if (carriesHandle) writer.u32(call.responseHandle);
  if (sessions.length === 0) writer.bytes(body);
  else {
    const { parameters, area } = answerSessions(engine, command, sessions, body);
    writer.u32(parameters.length).bytes(parameters).bytes(area);
  }
  return writer.patchU32(2, writer.length).finish();
}
