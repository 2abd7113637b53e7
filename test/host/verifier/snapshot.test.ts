import { changesBetween, parsePolicies, type Snapshot } from '../../../src/host/verifier/index.js';
import { errorLike } from '../../support/errors.js';

const vm = { name: 'a', state: 2, changed: '1', label: 'ACM:p:MA' };
const base: Snapshot = { host: 'h', name: 'host', policy: 'p1', label: 'L', resetCount: 1, vms: { a: vm } };
const with_ = (change: Partial<Snapshot['vms'][string]>): Snapshot => ({ ...base, vms: { a: { ...vm, ...change } } });
const found = (before: Snapshot, after: Snapshot) =>
  changesBetween(before, after).map(({ subject, change }) => `${subject.kind} ${change}`);

test.each([
  ['nothing', base, base, []],
  ['a start', with_({ state: 3 }), base, ['vm start']],
  ['a restore', with_({ state: 6 }), base, ['vm restore']],
  ['a resume', with_({ state: 9 }), base, ['vm resume']],
  ['a save', base, with_({ state: 6 }), ['vm snapshot']],
  ['a reset between two looks', base, with_({ changed: '2' }), ['vm reset']],
  ['another label', base, with_({ label: null }), ['vm relabel']],
  ['a migration away', base, { ...base, vms: {} }, ['vm migration']],
  ['another policy', base, { ...base, policy: 'p2' }, ['host policy_change']],
  ['another system label', base, { ...base, label: 'M' }, ['host relabel']],
  ['a reboot of the host, with all its VMs', base, { ...base, resetCount: 2 }, ['host host_reboot', 'vm host_reboot']],
  ['a stop, which proves and disproves nothing', base, with_({ state: 3 }), []],
] as const)('%s between two looks ends trust as it should', (_what, before, after, expected) => {
  expect(found(before, after)).toEqual(expected);
});

describe('a file of attestation policies', () => {
  test('names VMs by name or UUID and leaves the rest as usual', () => {
    const policies = parsePolicies('{"vms":{"db":{"referenceSets":["db"],"unknown":"untrusted"}}}');
    expect(policies.vm('x', 'db')).toMatchObject({ name: 'db', referenceSets: ['db'], unknown: 'untrusted' });
    expect(policies.vm('x', 'web').referenceSets).toEqual(['workload']);
    expect(policies.host.referenceSets).toEqual(['host']);
  });

  test.each([
    '{',
    '{"vm":{}}',
    '{"vm":{"referenceSets":["a"],"typo":1}}',
    '{"host":{"referenceSets":[],"imaPcr":99}}',
    '{"vms":{"db":{"referenceSets":["a"],"exclude":["/tmp/(?=x)"]}}}',
    '{"vm":{"referenceSets":["a"],"keyRings":[{"name":"k","keys":["no key"]}]}}',
  ])('is refused as %s', (text) => expect(() => parsePolicies(text)).toThrow(errorLike({ code: 'bad_policy' })));
});
