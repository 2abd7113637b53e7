import { tpmHandles } from '../../../tpm/index.js';
import type { Engine } from './engine.js';
import type { Entity } from './entity.js';
import { fail, failSession } from './failure.js';

/** Forgives one failure for each recovery time that has passed (TPM 2.0 Part 1, 19.8.5). */
function recover(engine: Engine): void {
  const { lockout, clock } = engine.permanent;
  if (lockout.failures === 0 || lockout.recoveryTime === 0) return;
  const steps = Number((clock - lockout.lastChange) / BigInt(lockout.recoveryTime * 1000));
  if (steps <= 0) return;
  lockout.failures = Math.max(0, lockout.failures - steps);
  lockout.lastChange += BigInt(steps) * BigInt(lockout.recoveryTime * 1000);
  engine.dirty = true;
}

/** Before a value is compared: is guessing stopped? */
export function checkLockout(engine: Engine, entity: Entity): void {
  const { lockout } = engine.permanent;
  if (entity.handle === tpmHandles.lockout) {
    if (engine.permanent.clock < lockout.lockoutBlockedUntil) fail('TPM_RC_LOCKOUT');
    return;
  }
  if (!entity.protectedByLockout) return;
  recover(engine);
  if (lockout.failures >= lockout.maxTries) fail('TPM_RC_LOCKOUT');
}

/** A value was wrong: counts it and refuses. */
export function refuseValue(engine: Engine, entity: Entity, session: number): never {
  const { lockout, clock } = engine.permanent;
  if (entity.handle === tpmHandles.lockout) {
    lockout.lockoutBlockedUntil = clock + BigInt(lockout.lockoutRecovery) * 1000n;
    engine.dirty = true;
    failSession('TPM_RC_AUTH_FAIL', session);
  }
  if (!entity.protectedByLockout) failSession('TPM_RC_BAD_AUTH', session);
  if (lockout.failures === 0) lockout.lastChange = clock;
  lockout.failures++;
  engine.dirty = true;
  return failSession('TPM_RC_AUTH_FAIL', session);
}
