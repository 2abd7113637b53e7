import { type Hierarchy, type TpmCommand, tpmHandles, trimAuth } from '../../../tpm/index.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import { type Engine, hierarchyOfHandle } from '../core/engine.js';
import { fail, failParameter } from '../core/failure.js';

const none = new Uint8Array(0);

function renewSeed(engine: Engine, hierarchy: Hierarchy): void {
  const state = engine.permanent.hierarchies[hierarchy];
  state.seed = engine.randomness.bytes(32);
  state.proof = engine.randomness.bytes(32);
}

/** TPM2_HierarchyChangeAuth (TPM 2.0 Part 3, 24.8). */
function hierarchyChangeAuth({ engine, handles, parameters }: CommandCall): void {
  const auth = parameters.sized(64);
  parameters.end();
  const hierarchy = hierarchyOfHandle(handles[0] as number);
  const { permanent } = engine;
  if (hierarchy === undefined) permanent.lockout.lockoutAuth = trimAuth(auth);
  else permanent.hierarchies[hierarchy].auth = trimAuth(auth);
  engine.dirty = true;
}

/** TPM2_HierarchyControl (Part 3, 24.2): only the platform enables; an owner may disable its own. */
function hierarchyControl({ engine, handles, parameters }: CommandCall): void {
  const enable = parameters.u32();
  const state = parameters.yesNo();
  parameters.end();
  const target = hierarchyOfHandle(enable) ?? failParameter('TPM_RC_VALUE', 1);
  const byPlatform = handles[0] === tpmHandles.platform;
  if (!byPlatform && (handles[0] !== enable || state)) fail('TPM_RC_AUTH_TYPE');
  engine.permanent.hierarchies[target].enabled = state;
  if (!state) engine.flushHierarchy(target, false);
  engine.dirty = true;
}

/** TPM2_Clear (Part 3, 24.6): a new owner; the endorsement seed and the platform's objects stay. */
function clear({ engine, parameters }: CommandCall): void {
  parameters.end();
  const { permanent } = engine;
  if (permanent.clearDisabled) fail('TPM_RC_DISABLED');
  renewSeed(engine, 'owner');
  permanent.hierarchies.endorsement.proof = engine.randomness.bytes(32);
  engine.flushHierarchy('owner', true);
  engine.flushHierarchy('endorsement', true);
  for (const [handle, { publicArea }] of permanent.nv) {
    if ((publicArea.attributes & 0x40000000) === 0) permanent.nv.delete(handle);
  }
  permanent.hierarchies.owner.auth = none;
  permanent.hierarchies.endorsement.auth = none;
  permanent.hierarchies.owner.enabled = true;
  permanent.hierarchies.endorsement.enabled = true;
  const { lockout } = permanent;
  Object.assign(lockout, { lockoutAuth: none, failures: 0, lockoutBlockedUntil: 0n });
  permanent.clock = 0n;
  permanent.resetCount = 0;
  permanent.restartCount = 0;
  engine.volatile.clockSafe = true;
  engine.volatile.pcrs.updateCounter = (engine.volatile.pcrs.updateCounter + 1) >>> 0;
  engine.dirty = true;
}

/** TPM2_ClearControl (Part 3, 24.7). */
function clearControl({ engine, handles, parameters }: CommandCall): void {
  const disable = parameters.yesNo();
  parameters.end();
  if (handles[0] === tpmHandles.lockout && !disable) fail('TPM_RC_AUTH_TYPE');
  engine.permanent.clearDisabled = disable;
  engine.dirty = true;
}

/** TPM2_ChangeEPS (Part 3, 24.5): another identity; all endorsement keys are gone. */
function changeEps({ engine, parameters }: CommandCall): void {
  parameters.end();
  renewSeed(engine, 'endorsement');
  engine.flushHierarchy('endorsement', true);
  engine.permanent.hierarchies.endorsement.auth = none;
  engine.dirty = true;
}

/** TPM2_ChangePPS (Part 3, 24.4). */
function changePps({ engine, parameters }: CommandCall): void {
  parameters.end();
  renewSeed(engine, 'platform');
  engine.flushHierarchy('platform', true);
  engine.dirty = true;
}

/** TPM2_DictionaryAttackLockReset (Part 3, 25.2). */
function dictionaryAttackLockReset({ engine, parameters }: CommandCall): void {
  parameters.end();
  engine.permanent.lockout.failures = 0;
  engine.dirty = true;
}

/** TPM2_DictionaryAttackParameters (Part 3, 25.3). */
function dictionaryAttackParameters({ engine, parameters }: CommandCall): void {
  const maxTries = parameters.u32();
  const recoveryTime = parameters.u32();
  const lockoutRecovery = parameters.u32();
  parameters.end();
  Object.assign(engine.permanent.lockout, { maxTries, recoveryTime, lockoutRecovery });
  engine.dirty = true;
}

export const hierarchyCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['hierarchyChangeAuth', hierarchyChangeAuth],
  ['hierarchyControl', hierarchyControl],
  ['clear', clear],
  ['clearControl', clearControl],
  ['changeEps', changeEps],
  ['changePps', changePps],
  ['dictionaryAttackLockReset', dictionaryAttackLockReset],
  ['dictionaryAttackParameters', dictionaryAttackParameters],
];
