import type { Action, Caller } from '../../cimom/index.js';
import { type HostParts, recordForbidden } from '../../vmm/index.js';

/** What an action is, in words for the record: `TVDC_SecurityPolicyService.ImportPolicy`. */
function describe(action: Action | null): string {
  if (action === null) return 'use this server: the account has no role';
  const target = action.className ?? action.namespace;
  return action.methodName === null ? `${action.operation} ${target}` : `call ${target}.${action.methodName}`;
}

/** Records who tried what they may not, and has it told as an alert; reads out of scope are only counted by the server. */
export function recordDenials(parts: HostParts): (caller: Caller, action: Action | null, reason: string) => void {
  return (caller, action, reason) => {
    if (action?.access === 'read') return;
    recordForbidden(parts, { user: caller.user }, describe(action), null).catch((error: unknown) => {
      parts.log.error('denial not recorded', { user: caller.user, reason, error: String(error) });
    });
  };
}
