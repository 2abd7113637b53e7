import { tryParseLabel } from '../../acm/index.js';
import { CimError, type CimInstancePath, type CimValue, isCimArray } from '../../cim/index.js';
import type { Caller, MethodFunction } from '../../cimom/index.js';
import { examineArrival, examineStart, type Newcomer, type Obstacle, vlanResource } from '../../vmm/index.js';
import { type HostView, optionalText, ownMethod, requiredText, textList } from '../kit/index.js';
import { findVm } from './computer-system.js';

type Parameters = Readonly<Record<string, CimValue>>;

function isPath(value: CimValue | undefined): value is CimInstancePath {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path';
}

function vlansOf(value: CimValue | undefined): readonly number[] {
  return isCimArray(value ?? null) ? (value as readonly CimValue[]).map(Number) : [];
}

function newcomerOf(view: HostView, parameters: Parameters): Newcomer {
  const label = optionalText(parameters, 'Label');
  const diskLabels = textList(parameters, 'DiskLabels');
  for (const text of [...(label === null ? [] : [label]), ...diskLabels]) {
    if (tryParseLabel(text, view.parts.monitor.policy.name) === null) throw new CimError(4, `not a label: "${text}"`);
  }
  const name = optionalText(parameters, 'PolicyName');
  return {
    name: requiredText(parameters, 'Name'),
    label,
    diskLabels,
    vlans: vlansOf(parameters['VLANs']),
    trusted: parameters['Trusted'] === true,
    policy:
      name === null
        ? null
        : {
            name,
            version: requiredText(parameters, 'PolicyVersion'),
            sha256: requiredText(parameters, 'PolicyDigest'),
          },
  };
}

/** VLANs and names of other workloads are to a caller as if they were not there. */
function arrivalAs(view: HostView, caller: Caller, newcomer: Newcomer): readonly Obstacle[] {
  const isHidden = (id: number): boolean => view.veil.hides(caller, vlanResource(id));
  const seen = examineArrival(view.parts, { ...newcomer, vlans: newcomer.vlans.filter((id) => !isHidden(id)) });
  return [
    ...seen.filter(({ code }) => code !== 'name_in_use' || !view.veil.hides(caller, newcomer.name)),
    ...newcomer.vlans.filter(isHidden).map((id) => ({
      code: 'no_such_vlan',
      sentence: `There is no VLAN ${id} on this host.`,
    })),
  ];
}

/** CheckStart: everything that stands against a start, without any effect. */
export function checkStart(view: HostView): MethodFunction {
  return (context, _self, parameters) =>
    ownMethod(async () => {
      const system = parameters['System'];
      const obstacles = isPath(system)
        ? await examineStart(view.parts, findVm(view, system).uuid)
        : arrivalAs(view, context.caller, newcomerOf(view, parameters));
      return {
        WouldStart: obstacles.length === 0,
        ReasonCodes: obstacles.map(({ code }) => code),
        Reasons: obstacles.map(({ sentence }) => sentence),
        Explanation: obstacles[0]?.sentence ?? 'Nothing stands against a start.',
      };
    });
}
