import { ByteWriter } from '../../../base/index.js';
import {
  handleTypes,
  hasAttributes,
  nvAttributes,
  nvNameOf,
  type TpmCommand,
  tpmHandles,
  trimAuth,
} from '../../../tpm/index.js';
import { type Engine, hierarchyOfHandle } from './engine.js';
import { CommandFailure, fail, failHandle } from './failure.js';

const none = new Uint8Array(0);

/** How a handle is authorized. */
export interface Entity {
  readonly handle: number;
  readonly name: Uint8Array;
  readonly authValue: Uint8Array;
  readonly authPolicy: Uint8Array;
  /** Whether the authorization value may be used for this command, or only the policy. */
  readonly valueAllowed: boolean;
  readonly policyAllowed: boolean;
  /** Whether wrong values count against dictionary attacks. */
  readonly protectedByLockout: boolean;
  /** A policy for this use must name the command. */
  readonly needsCommandCode: boolean;
}

/** Commands in which the first handle needs the ADMIN role (TPM 2.0 Part 3). */
const adminCommands: ReadonlySet<TpmCommand> = new Set([
  'activateCredential',
  'certify',
  'objectChangeAuth',
  'nvChangeAuth',
]);
const nvWriteCommands: ReadonlySet<TpmCommand> = new Set([
  'nvWrite',
  'nvIncrement',
  'nvExtend',
  'nvSetBits',
  'nvWriteLock',
]);
const nvReadCommands: ReadonlySet<TpmCommand> = new Set(['nvRead', 'nvReadLock', 'nvCertify']);

/** Checks that a handle exists and can stand at this place, as a TPM does before it looks at authorizations. */
export function checkHandle(engine: Engine, handle: number, position: number): void {
  const { volatile, permanent } = engine;
  const referenceError = 0x910 + position;
  switch (handle >>> 24) {
    case handleTypes.pcr:
      if (handle >= 24) failHandle('TPM_RC_VALUE', position + 1);
      return;
    case handleTypes.nvIndex:
      if (!permanent.nv.has(handle)) failHandle('TPM_RC_HANDLE', position + 1);
      return;
    case handleTypes.hmacSession:
    case handleTypes.policySession:
      if (!volatile.sessions.has(handle)) throw new CommandFailure(referenceError);
      return;
    case handleTypes.transient:
      if (!volatile.objects.has(handle)) throw new CommandFailure(referenceError);
      checkEnabled(engine, volatile.objects.get(handle)?.hierarchy ?? 'null', position);
      return;
    case handleTypes.persistent:
      if (!permanent.persistent.has(handle)) failHandle('TPM_RC_HANDLE', position + 1);
      checkEnabled(engine, permanent.persistent.get(handle)?.hierarchy ?? 'null', position);
      return;
    case handleTypes.permanent: {
      const hierarchy = hierarchyOfHandle(handle);
      if (hierarchy !== undefined) checkEnabled(engine, hierarchy, position);
      else if (handle !== tpmHandles.lockout && handle !== tpmHandles.platformNv)
        failHandle('TPM_RC_VALUE', position + 1);
      return;
    }
    default:
      failHandle('TPM_RC_VALUE', position + 1);
  }
}

function checkEnabled(
  engine: Engine,
  hierarchy: 'owner' | 'endorsement' | 'platform' | 'null',
  position: number,
): void {
  if (!engine.permanent.hierarchies[hierarchy].enabled) failHandle('TPM_RC_HIERARCHY', position + 1);
}

/** Name by which a handle enters the digest of the command (TPM 2.0 Part 1, 16). */
export function entityName(engine: Engine, handle: number): Uint8Array {
  switch (handle >>> 24) {
    case handleTypes.transient:
    case handleTypes.persistent:
      return engine.object(handle).name;
    case handleTypes.nvIndex: {
      const index = engine.permanent.nv.get(handle);
      if (index === undefined) fail('TPM_RC_HANDLE');
      return nvNameOf(index.publicArea);
    }
    default:
      return new ByteWriter(4).u32(handle).finish();
  }
}

/** How the handle at a position of a command is authorized. */
export function entityOf(engine: Engine, command: TpmCommand, handle: number, position: number): Entity {
  const admin = position === 0 && adminCommands.has(command);
  const name = entityName(engine, handle);
  const open = { handle, name, authPolicy: none, valueAllowed: true, policyAllowed: false, needsCommandCode: false };
  switch (handle >>> 24) {
    case handleTypes.transient:
    case handleTypes.persistent: {
      const { publicArea, sensitive } = engine.object(handle);
      return {
        ...open,
        authValue: sensitive?.authValue ?? none,
        authPolicy: publicArea.authPolicy,
        valueAllowed: admin ? !hasAttributes(publicArea, 'adminWithPolicy') : hasAttributes(publicArea, 'userWithAuth'),
        policyAllowed: publicArea.authPolicy.length > 0,
        protectedByLockout: !hasAttributes(publicArea, 'noDa'),
        needsCommandCode: admin,
      };
    }
    case handleTypes.nvIndex:
      return { ...open, ...nvEntity(engine, command, handle) };
    case handleTypes.permanent: {
      const hierarchy = hierarchyOfHandle(handle);
      const authValue =
        hierarchy === undefined ? engine.permanent.lockout.lockoutAuth : engine.permanent.hierarchies[hierarchy].auth;
      return { ...open, authValue: trimAuth(authValue), protectedByLockout: false };
    }
    default:
      return { ...open, authValue: none, protectedByLockout: false };
  }
}

function nvEntity(
  engine: Engine,
  command: TpmCommand,
  handle: number,
): Pick<
  Entity,
  'authValue' | 'authPolicy' | 'valueAllowed' | 'policyAllowed' | 'protectedByLockout' | 'needsCommandCode'
> {
  const index = engine.permanent.nv.get(handle);
  if (index === undefined) fail('TPM_RC_HANDLE');
  const { attributes, authPolicy } = index.publicArea;
  const has = (bit: number): boolean => (attributes & bit) !== 0;
  const writes = nvWriteCommands.has(command);
  const reads = nvReadCommands.has(command);
  return {
    authValue: index.auth,
    authPolicy,
    valueAllowed: writes ? has(nvAttributes.authWrite) : reads ? has(nvAttributes.authRead) : true,
    policyAllowed:
      authPolicy.length > 0 && (writes ? has(nvAttributes.policyWrite) : reads ? has(nvAttributes.policyRead) : true),
    protectedByLockout: !has(nvAttributes.noDa),
    needsCommandCode: adminCommands.has(command),
  };
}
