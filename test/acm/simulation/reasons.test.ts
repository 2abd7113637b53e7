import {
  createSimulation,
  type Decision,
  decisionReasons,
  decisionRecord,
  encodePolicyBinary,
  type PolicyMode,
  type Simulation,
  SimulationEventError,
  writePolicyXml,
} from '../../../src/acm/index.js';
import { policy, policyJson } from '../policies.js';
import { thrownBy } from '../thrown.js';

type Changes = Readonly<Record<string, unknown>>;

const open = (changes: Changes = {}, mode: PolicyMode = 'strict'): Simulation =>
  createSimulation(policy(changes), { mode });

/** Applies events in order and answers with the last decision. */
function last(simulation: Simulation, ...events: readonly object[]): Decision {
  let decision: Decision | undefined;
  for (const event of events) decision = simulation.apply(event);
  if (decision === undefined) throw new Error('no event');
  return decision;
}

const start = (vm: string, label?: string, more: object = {}) => ({
  op: 'start',
  vm,
  ...(label === undefined ? {} : { label }),
  ...more,
});
const next = (changes: Changes) =>
  policyJson({ version: '1.1', from_policy: { name: 'p', version: '1.0' }, ...changes });
const unlabeled = {
  ste_types: ['S', 'A', 'B', '__UNLABELED__'],
  vm_labels: [
    { name: 'S', ste: ['S', 'A', 'B', '__UNLABELED__'], chwall: ['S'] },
    { name: '__UNLABELED__', ste: ['__UNLABELED__'], chwall: [] },
    { name: 'A', ste: ['A', '__UNLABELED__'], chwall: ['A'] },
  ],
};
const wall = { conflict_sets: [{ name: 'x', types: ['A', 'B'] }] };
const disk = 'file:/disk';
const label = (resource: string, name?: string, more: object = {}) => ({
  op: 'label_resource',
  resource,
  ...(name === undefined ? {} : { label: name }),
  ...more,
});

// [what, mode, policy, events, permit, reason]
type Row = readonly [string, PolicyMode | 'both', Changes, readonly object[], boolean, string];

const rows: readonly Row[] = [
  ['a VM whose types the system holds starts', 'both', {}, [start('v', 'A')], true, 'authorized'],
  ['a label may be given in full', 'both', {}, [start('v', 'ACM:p:A')], true, 'authorized'],
  ['a resumed VM passes the same checks', 'both', {}, [{ op: 'resume', vm: 'v', label: 'A' }], true, 'authorized'],
  ['an unknown label does not start', 'both', {}, [start('v', 'X')], false, 'unknown_label'],
  ['a label that is no label does not start', 'both', {}, [start('v', 'a:b')], false, 'unknown_label'],
  ['a running VM does not start again', 'both', {}, [start('v', 'A'), start('v', 'A')], false, 'wrong_state'],
  ['Domain-0 runs already', 'both', {}, [start('Domain-0', 'S')], false, 'wrong_state'],
  [
    'a VM without types is not authorized',
    'both',
    { vm_labels: [...(policyJson()['vm_labels'] as object[]), { name: 'N', ste: [], chwall: [] }] },
    [start('v', 'N')],
    false,
    'not_authorized',
  ],
  [
    'a VM of another policy does not start',
    'both',
    {},
    [start('v', 'A', { policy_name: 'q' })],
    false,
    'policy_mismatch',
  ],
  [
    'a VM of another version does not come',
    'strict',
    {},
    [{ op: 'migrate_in', vm: 'v', label: 'A', policy_version: '1.1' }],
    false,
    'policy_mismatch',
  ],
  [
    'the version of the source does not count',
    'xen',
    {},
    [{ op: 'migrate_in', vm: 'v', label: 'A', policy_version: '1.1' }],
    true,
    'authorized',
  ],
  ['a VM without label does not start', 'strict', unlabeled, [start('v')], false, 'unlabeled_not_supported'],
  ['a VM without label has row 0', 'xen', unlabeled, [start('v')], true, 'authorized'],
  ['row 0 without definition has no types', 'xen', {}, [start('v')], false, 'not_authorized'],
  [
    'two members of a conflict set do not run together',
    'both',
    wall,
    [start('v', 'A'), start('w', 'B')],
    false,
    'conflict',
  ],
  [
    'a paused VM still excludes',
    'both',
    wall,
    [start('v', 'A'), { op: 'pause', vm: 'v' }, start('w', 'B')],
    false,
    'conflict',
  ],
  [
    'a suspended VM does not exclude',
    'both',
    wall,
    [start('v', 'A'), { op: 'suspend', vm: 'v' }, start('w', 'B')],
    true,
    'authorized',
  ],
  [
    'a VM that migrated away does not exclude',
    'both',
    wall,
    [start('v', 'A'), { op: 'migrate_out', vm: 'v' }, start('w', 'B')],
    true,
    'authorized',
  ],
  ['a label that conflicts with itself does not start', 'strict', wall, [start('v', 'AB')], false, 'conflict'],
  ['types of sharing do not exclude', 'xen', wall, [start('v', 'AB')], true, 'authorized'],
  [
    'a paused VM goes on',
    'both',
    wall,
    [start('v', 'A'), { op: 'pause', vm: 'v' }, { op: 'resume', vm: 'v' }],
    true,
    'authorized',
  ],
  ['a VM that does not run cannot stop', 'both', {}, [{ op: 'stop', vm: 'v' }], false, 'wrong_state'],
  ['Domain-0 cannot stop', 'both', {}, [{ op: 'stop', vm: 'Domain-0' }], false, 'wrong_state'],
  [
    'a paused VM cannot pause',
    'both',
    {},
    [start('v', 'A'), { op: 'pause', vm: 'v' }, { op: 'pause', vm: 'v' }],
    false,
    'wrong_state',
  ],
  [
    'a suspended VM can be dropped',
    'both',
    {},
    [start('v', 'A'), { op: 'suspend', vm: 'v' }, { op: 'stop', vm: 'v' }],
    true,
    'ok',
  ],
  [
    'a disk of the same type starts with the VM',
    'both',
    {},
    [label(disk, 'A'), start('v', 'A', { disks: [disk] })],
    true,
    'authorized',
  ],
  [
    'a disk of another type stops the start',
    'both',
    {},
    [label(disk, 'B'), start('v', 'A', { disks: [disk] })],
    false,
    'no_common_type',
  ],
  [
    'a disk without label is refused',
    'strict',
    {},
    [start('v', 'A', { disks: [disk] })],
    false,
    'resource_not_labeled',
  ],
  ['a disk without label has row 0', 'xen', unlabeled, [start('v', 'A', { disks: [disk] })], true, 'authorized'],
  [
    'row 0 without definition shares with nobody',
    'xen',
    {},
    [start('v', 'A', { disks: [disk] })],
    false,
    'no_common_type',
  ],
  [
    'an inaccessible disk is refused',
    'both',
    {},
    [label(disk, '__INACCESSIBLE__'), start('v', 'A', { disks: [disk] })],
    false,
    'resource_inaccessible',
  ],
  [
    'a name without scheme is no resource',
    'both',
    {},
    [start('v', 'A'), { op: 'attach_resource', vm: 'v', resource: 'disk' }],
    false,
    'bad_resource_format',
  ],
  ['a relative file is no resource', 'both', {}, [label('file:disk', 'A')], false, 'bad_resource_format'],
  ['a tap disk needs a subtype', 'both', {}, [label('tap:/disk', 'A')], false, 'bad_resource_format'],
  [
    'a device name is completed',
    'both',
    {},
    [label('phy:sda', 'A'), start('v', 'A'), { op: 'attach_resource', vm: 'v', resource: 'phy:/dev/sda' }],
    true,
    'common_type',
  ],
  [
    'a VM that does not run gets no disk',
    'both',
    {},
    [label(disk, 'A'), { op: 'attach_resource', vm: 'v', resource: disk }],
    false,
    'wrong_state',
  ],
  ['VLAN 4095 is reserved', 'strict', {}, [label('vlan:4095', 'A')], false, 'bad_resource_format'],
  ['VLAN 4095 is taken', 'xen', {}, [label('vlan:4095', 'A')], true, 'ok'],
  ['VLAN 0 is none', 'both', {}, [label('vlan:0', 'A')], false, 'bad_resource_format'],
  ['VLAN 4096 is none', 'both', {}, [label('vlan:4096', 'A')], false, 'bad_resource_format'],
  ['two VLANs may carry one label', 'strict', {}, [label('vlan:1', 'A'), label('vlan:2', 'A')], true, 'ok'],
  ['one VLAN for each label', 'xen', {}, [label('vlan:1', 'A'), label('vlan:2', 'A')], false, 'vlan_label_not_unique'],
  ['a VLAN without port gets another label', 'strict', {}, [label('vlan:1', 'A'), label('vlan:1', 'B')], true, 'ok'],
  [
    'a VLAN with a port keeps its label',
    'strict',
    {},
    [label('vlan:1', 'A'), start('v', 'A'), { op: 'connect_vlan', vm: 'v', vlan: 1 }, label('vlan:1', 'B')],
    false,
    'resource_in_use',
  ],
  ['the label of a VLAN is frozen', 'xen', {}, [label('vlan:1', 'A'), label('vlan:1', 'B')], false, 'resource_in_use'],
  [
    'an interface needs a label',
    'strict',
    {},
    [start('v', 'A'), { op: 'connect_vif', vm: 'v' }],
    false,
    'vif_must_be_labeled',
  ],
  [
    'a single-type VM has unchecked interfaces',
    'xen',
    {},
    [start('v', 'A'), { op: 'connect_vif', vm: 'v' }],
    true,
    'unchecked_single_type_unlabeled_vif',
  ],
  [
    'a multi-type VM needs labelled interfaces',
    'xen',
    {},
    [start('v', 'AB'), { op: 'connect_vif', vm: 'v' }],
    false,
    'vif_must_be_labeled',
  ],
  [
    'a labelled interface is compared',
    'both',
    {},
    [start('v', 'A'), { op: 'connect_vif', vm: 'v', vif_label: 'B' }],
    false,
    'no_common_type',
  ],
  [
    'a labelled interface with a common type is fine',
    'both',
    {},
    [start('v', 'AB'), { op: 'connect_vif', vm: 'v', vif_label: 'B' }],
    true,
    'common_type',
  ],
  ['an unknown interface label is refused', 'both', {}, [start('v', 'A', { vifs: ['X'] })], false, 'unknown_label'],
  [
    'nobody talks to a VM that does not run',
    'both',
    {},
    [start('v', 'A'), { op: 'communicate', a: 'v', b: 'w' }],
    false,
    'wrong_state',
  ],
  [
    'VMs of one type talk',
    'both',
    {},
    [start('v', 'A'), start('w', 'AB'), { op: 'communicate', a: 'v', b: 'w' }],
    true,
    'common_type',
  ],
  [
    'a dormant VM gets a label',
    'both',
    {},
    [{ op: 'relabel_vm', vm: 'v', label: 'A' }, start('v')],
    true,
    'authorized',
  ],
  [
    'the label of a dormant VM is validated',
    'strict',
    {},
    [{ op: 'relabel_vm', vm: 'v', label: 'X' }],
    false,
    'unknown_label',
  ],
  ['the label of a dormant VM is not validated', 'xen', {}, [{ op: 'relabel_vm', vm: 'v', label: 'X' }], true, 'ok'],
  [
    'what was not validated fails at the start',
    'xen',
    {},
    [{ op: 'relabel_vm', vm: 'v', label: 'X' }, start('v')],
    false,
    'unknown_label',
  ],
  [
    'a label that conflicts with itself cannot be assigned',
    'strict',
    wall,
    [{ op: 'relabel_vm', vm: 'v', label: 'AB' }],
    false,
    'conflict',
  ],
  [
    'a wrong old label is noticed',
    'both',
    {},
    [{ op: 'relabel_vm', vm: 'v', label: 'A', old_label: 'B' }],
    false,
    'old_label_mismatch',
  ],
  [
    'a right old label is accepted',
    'both',
    {},
    [start('v', 'A'), { op: 'relabel_vm', vm: 'v', label: 'B', old_label: 'ACM:p:A' }],
    true,
    'ok',
  ],
  ['a running VM keeps a label', 'both', {}, [start('v', 'A'), { op: 'relabel_vm', vm: 'v' }], false, 'wrong_state'],
  [
    'a stopped VM can lose its label',
    'both',
    {},
    [start('v', 'A'), { op: 'stop', vm: 'v' }, { op: 'relabel_vm', vm: 'v', old_label: 'A' }],
    true,
    'ok',
  ],
  [
    'a new label must suit the disks',
    'both',
    {},
    [label(disk, 'A'), start('v', 'A', { disks: [disk] }), { op: 'relabel_vm', vm: 'v', label: 'B' }],
    false,
    'no_common_type',
  ],
  [
    'a new label must suit what runs',
    'both',
    wall,
    [start('v', 'A'), start('w', 'A'), { op: 'relabel_vm', vm: 'v', label: 'B' }],
    false,
    'running_domains_violate',
  ],
  [
    'a new label must suit open channels',
    'both',
    {},
    [
      start('v', 'A'),
      start('w', 'A'),
      { op: 'communicate', a: 'v', b: 'w' },
      { op: 'relabel_vm', vm: 'v', label: 'B' },
    ],
    false,
    'running_domains_violate',
  ],
  [
    'a disk in use keeps its label',
    'both',
    {},
    [label(disk, 'A'), start('v', 'A', { disks: [disk] }), label(disk, 'B')],
    false,
    'resource_in_use',
  ],
  [
    'a paused VM uses its disk',
    'strict',
    {},
    [label(disk, 'A'), start('v', 'A', { disks: [disk] }), { op: 'pause', vm: 'v' }, label(disk, 'B')],
    false,
    'resource_in_use',
  ],
  [
    'a paused VM does not count as user',
    'xen',
    {},
    [label(disk, 'A'), start('v', 'A', { disks: [disk] }), { op: 'pause', vm: 'v' }, label(disk, 'B')],
    true,
    'ok',
  ],
  ['a resource label must be defined', 'both', {}, [label(disk, 'AB')], false, 'unknown_label'],
  [
    'a wrong old label of a resource is noticed',
    'both',
    {},
    [label(disk, 'A'), label(disk, 'B', { old_label: 'B' })],
    false,
    'old_label_mismatch',
  ],
  [
    'a label can be taken from a resource',
    'both',
    {},
    [label(disk, 'A'), label(disk, undefined, { old_label: 'A' })],
    true,
    'ok',
  ],
  ['a resource without label has none to take', 'both', {}, [label(disk)], false, 'resource_not_labeled'],
  [
    'a resource can be checked',
    'both',
    {},
    [label(disk, 'A'), { op: 'check_resource_label', resource: disk }],
    true,
    'ok',
  ],
  [
    'a resource without label is told',
    'strict',
    {},
    [{ op: 'check_resource_label', resource: disk }],
    false,
    'resource_not_labeled',
  ],
  ['a VM can be checked', 'both', {}, [start('v', 'A'), { op: 'check_vm_label', vm: 'v' }], true, 'ok'],
  ['Domain-0 carries the bootstrap label', 'both', {}, [{ op: 'check_vm_label', vm: 'Domain-0' }], true, 'ok'],
  ['what could run is told', 'both', wall, [start('v', 'A'), { op: 'can_run', label: 'A' }], true, 'authorized'],
  [
    'what could not run beside others is told',
    'both',
    wall,
    [start('v', 'A'), { op: 'can_run', label: 'B' }],
    false,
    'conflict',
  ],
  ['what does not exist cannot run', 'both', {}, [{ op: 'can_run', label: 'X' }], false, 'unknown_label'],
  ['an unknown system label is refused', 'both', {}, [{ op: 'set_system_label', label: 'X' }], false, 'unknown_label'],
  [
    'a system label must stay a superset',
    'strict',
    {},
    [start('v', 'AB'), { op: 'set_system_label', label: 'A' }],
    false,
    'running_domains_violate',
  ],
  [
    'a system label must keep a common type',
    'xen',
    {},
    [start('v', 'AB'), { op: 'set_system_label', label: 'A' }],
    true,
    'ok',
  ],
  [
    'an update without FromPolicy is refused',
    'both',
    {},
    [{ op: 'update_policy', policy: next({ from_policy: null }) }],
    false,
    'version_prevents_update',
  ],
  [
    'an update from another version is refused',
    'both',
    {},
    [{ op: 'update_policy', policy: next({ from_policy: { name: 'p', version: '01.0' } }) }],
    false,
    'version_prevents_update',
  ],
  [
    'an update to the same version is refused',
    'both',
    {},
    [{ op: 'update_policy', policy: next({ version: '1.0' }) }],
    false,
    'version_prevents_update',
  ],
  [
    '1.10 is above 1.9',
    'both',
    { version: '1.9' },
    [{ op: 'update_policy', policy: next({ version: '1.10', from_policy: { name: 'p', version: '1.9' } }) }],
    true,
    'ok',
  ],
  [
    'renaming an unknown label is refused',
    'both',
    {},
    [{ op: 'update_policy', policy: next({ vm_labels: [{ name: 'S', from: 'X', ste: ['S'], chwall: [] }] }) }],
    false,
    'bad_renaming',
  ],
  [
    'renaming an unknown resource label is refused',
    'both',
    {},
    [{ op: 'update_policy', policy: next({ resource_labels: [{ name: 'A', from: 'X', ste: ['A'] }] }) }],
    false,
    'bad_renaming',
  ],
  [
    'an invalid update is refused',
    'both',
    {},
    [{ op: 'update_policy', policy: next({ bootstrap: 'X' }) }],
    false,
    'invalid_policy',
  ],
  ['text that is no policy is refused', 'both', {}, [{ op: 'update_policy', policy: '<x' }], false, 'invalid_policy'],
  [
    'other component kinds are refused',
    'both',
    {},
    [{ op: 'update_policy', policy: next({ chwall_types: [], vm_labels: [{ name: 'S', ste: ['S', 'A', 'B'] }] }) }],
    false,
    'hypervisor_refused',
  ],
  [
    'the label of a running VM must stay',
    'both',
    {},
    [
      start('v', 'A'),
      { op: 'update_policy', policy: next({ vm_labels: [{ name: 'S', ste: ['S', 'A', 'B'], chwall: ['S'] }] }) },
    ],
    false,
    'running_domains_violate',
  ],
  [
    'the label of Domain-0 must stay',
    'both',
    {},
    [{ op: 'update_policy', policy: next({ bootstrap: 'A', vm_labels: [{ name: 'A', ste: ['A'], chwall: [] }] }) }],
    false,
    'running_domains_violate',
  ],
  [
    'the disk of a running VM must stay usable',
    'both',
    {},
    [
      label(disk, 'A'),
      start('v', 'A', { disks: [disk] }),
      { op: 'update_policy', policy: next({ resource_labels: [{ name: 'B', ste: ['B'] }] }) },
    ],
    false,
    'resource_access',
  ],
  [
    'a renamed label goes with its VM',
    'both',
    {},
    [
      start('v', 'A'),
      {
        op: 'update_policy',
        policy: next({
          vm_labels: [
            { name: 'S', ste: ['S', 'A', 'B'], chwall: ['S'] },
            { name: 'C', from: 'A', ste: ['A'], chwall: [] },
          ],
        }),
      },
      { op: 'check_vm_label', vm: 'v' },
    ],
    true,
    'ok',
  ],
  [
    'a vanished label is told',
    'both',
    {},
    [
      { op: 'relabel_vm', vm: 'v', label: 'B' },
      { op: 'update_policy', policy: next({ vm_labels: [{ name: 'S', ste: ['S', 'A', 'B'], chwall: ['S'] }] }) },
      start('v'),
    ],
    false,
    'label_invalidated',
  ],
  [
    'a vanished label of a resource is told',
    'both',
    {},
    [
      label(disk, 'A'),
      { op: 'update_policy', policy: next({ resource_labels: [{ name: 'B', ste: ['B'] }] }) },
      { op: 'check_resource_label', resource: disk },
    ],
    false,
    'resource_label_invalidated',
  ],
];

describe.each(['strict', 'xen'] as const)('mode %s', (mode) => {
  const own = rows.filter(([, modes]) => modes === 'both' || modes === mode);
  test.each(own.map((row) => [row[0], row] as const))('%s', (_, [, , changes, events, permit, reason]) => {
    const decision = last(open(changes, mode), ...events);
    expect(decisionRecord(decision)).toMatchObject({ decision: permit ? 'permit' : 'deny', reason });
    expect(decision.sentence).toMatch(/[.:?]$/);
    expect(decision.enforcedBy).toBe(
      decision.hook === 'sharing' || decision.hook === 'conflict' ? 'hypervisor' : 'management VM',
    );
  });
});

test('every word for a reason is met', () => {
  expect(new Set(rows.map((row) => row[5]))).toEqual(new Set(decisionReasons));
});

test('a self-conflict says so in its detail, another conflict names the set and who runs', () => {
  expect(last(open(wall), start('v', 'AB')).detail).toBe('self:x');
  expect(last(open(wall), start('v', 'A'), start('w', 'B'))).toMatchObject({
    detail: 'x: v',
    conflict: { set: 'x', with: ['v'] },
  });
});

test('error tuples are those of the original hypervisor', () => {
  const vanished = next({ vm_labels: [{ name: 'S', ste: ['S', 'A', 'B'], chwall: ['S'] }] });
  for (const mode of ['strict', 'xen'] as const) {
    const gone = last(open({}, mode), start('v', 'B'), { op: 'update_policy', policy: vanished });
    expect(gone.hypervisorErrors).toEqual([{ code: 0x104, data: 4 }]);
    const apart = last(open({}, mode), start('v', 'A'), start('w', 'B'), { op: 'update_policy', policy: next(wall) });
    expect(apart.hypervisorErrors).toHaveLength(1);
    expect(apart.detail).toMatch(/^XSERR_HV_OP_FAILED \(0x103,[01]\): /);
    const cut = last(
      open({}, mode),
      start('v', 'A'),
      start('w', 'A'),
      { op: 'communicate', a: 'v', b: 'w' },
      { op: 'relabel_vm', vm: 'v', label: 'B' },
    );
    expect(cut.hypervisorErrors?.[0]?.code).toBe(0x100);
  }
});

test('an update reads XML too, and mode xen swallows the names of early errors', () => {
  const xml = writePolicyXml(policy({ version: '1.1', from_policy: { name: 'p', version: '1.0' } }));
  for (const mode of ['strict', 'xen'] as const) {
    const simulation = open({}, mode);
    expect(last(simulation, { op: 'update_policy', policy: xml.replace('<Version>1.1</Version>', '') }).xserr).toBe(
      mode === 'strict' ? 'XSERR_BAD_XML' : 'XSERR_XML_PROCESSING',
    );
    expect(last(simulation, { op: 'update_policy', policy: xml }).permit).toBe(true);
    expect(encodePolicyBinary(simulation.policy)).toHaveLength(encodePolicyBinary(policy()).length);
  }
});

test('in mode xen a replay begins with the newest VM', () => {
  const simulation = open({}, 'xen');
  const decision = last(simulation, start('old', 'A'), start('new', 'B'), { op: 'update_policy', policy: next(wall) });
  expect(decision.violations).toMatchObject([{ vm: 'old', with: 'new', set: 'x' }]);
});

test('an invalid policy cannot be simulated', () => {
  expect(thrownBy(() => open({ bootstrap: 'X' }))).toMatchObject({ code: 'invalid_policy' });
});

test.each([
  ['no object', 7],
  ['no op', {}],
  ['an unknown op', { op: 'reboot', vm: 'v' }],
  ['a missing field', { op: 'stop' }],
  ['a disk that is no text', { op: 'start', vm: 'v', disks: [1] }],
  ['disks that are no list', { op: 'start', vm: 'v', disks: 'x' }],
  ['an update without policy', { op: 'update_policy' }],
])('an event with %s is refused as an event', (_, event) => {
  expect(() => open().apply(event)).toThrow(SimulationEventError);
});
