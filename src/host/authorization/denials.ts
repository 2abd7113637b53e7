import { type CimObjectPath, type CimValue, isCimArray, stringKey } from '../../cim/index.js';
import type { Action, Caller } from '../../cimom/index.js';
import { type HostParts, recordForbidden } from '../../vmm/index.js';

/** Attempts of one user that are recorded one by one within a window; the others are counted in the next record. */
const mostInWindow = 50;
const window = 60_000;

interface Attempts {
  since: number;
  recorded: number;
  suppressed: number;
}

/** What an action is, in words for the record: `TVDC_SecurityPolicyService.ImportPolicy`. */
function describe(action: Action | null): string {
  if (action === null) return 'use this server: the account has no role';
  const target = action.className ?? action.namespace;
  return action.methodName === null ? `${action.operation} ${target}` : `call ${target}.${action.methodName}`;
}

function pathsOf(action: Action): readonly CimObjectPath[] {
  const isPath = (value: CimValue): value is CimObjectPath =>
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path';
  const named = Object.values(action.parameters).filter((value) => !isCimArray(value) && isPath(value));
  return [...(named as readonly CimObjectPath[]), ...(action.object === null ? [] : [action.object])];
}

/** The virtual machine, volume or VLAN that somebody tried to change, as the journal calls it. */
function elementOf(parts: HostParts, action: Action | null): string | null {
  if (action === null) return null;
  for (const path of pathsOf(action)) {
    if (path.kind !== 'instance-path') continue;
    const vm = stringKey(path, 'Name') ?? '';
    if (parts.inventory.vm(vm) !== undefined) return vm;
    const volume = stringKey(path, 'DeviceID') ?? '';
    if (parts.inventory.volume(volume) !== undefined) return volume;
    const vlan = /:(vlan:\d+)$/.exec(stringKey(path, 'InstanceID') ?? '')?.[1];
    if (vlan !== undefined) return vlan;
  }
  return null;
}

/** Records who tried what they may not, and has it told as an alert; reads out of scope are only counted by the server. */
export function recordDenials(parts: HostParts): (caller: Caller, action: Action | null, reason: string) => void {
  const attempts = new Map<string, Attempts>();

  /** How many attempts the record stands for beside this one; null: it is only counted. */
  const enter = (user: string): number | null => {
    const now = parts.clock.monotonic();
    let own = attempts.get(user);
    if (own === undefined || now - own.since >= window) {
      own = { since: now, recorded: 0, suppressed: own?.suppressed ?? 0 };
      attempts.set(user, own);
    }
    if (own.recorded >= mostInWindow) {
      own.suppressed++;
      return null;
    }
    own.recorded++;
    const { suppressed } = own;
    own.suppressed = 0;
    return suppressed;
  };

  return (caller, action, reason) => {
    if (action?.access === 'read') return;
    const suppressed = enter(caller.user);
    if (suppressed === null) return;
    const actor = { user: caller.user };
    recordForbidden(parts, actor, describe(action), elementOf(parts, action), suppressed).catch((error: unknown) => {
      parts.log.error('denial not recorded', { user: caller.user, reason, error: String(error) });
    });
  };
}
