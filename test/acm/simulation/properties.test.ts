import fc from 'fast-check';
import {
  compilePolicy,
  createSimulation,
  parsePolicyJson,
  type PolicyMode,
  type Simulation,
} from '../../../src/acm/index.js';

const types = ['A', 'B', 'C', 'D'];
const someTypes = fc.uniqueArray(fc.constantFrom(...types), { maxLength: 3 });
const vms = ['v1', 'v2', 'v3'];
const disks = ['file:/d1', 'file:/d2'];

const policies = fc.record({
  labels: fc.array(fc.record({ ste: someTypes, chwall: someTypes }), { minLength: 2, maxLength: 4 }),
  sets: fc.array(fc.uniqueArray(fc.constantFrom(...types), { minLength: 2, maxLength: 3 }), { maxLength: 2 }),
});

const json = (
  { labels, sets }: { labels: { ste: string[]; chwall: string[] }[]; sets: string[][] },
  minor: number,
) => ({
  name: 'p',
  version: `1.${minor}`,
  from_policy: minor === 0 ? null : { name: 'p', version: `1.${minor - 1}` },
  ste_types: types,
  chwall_types: types,
  conflict_sets: sets.map((members, at) => ({ name: `set${at}`, types: members })),
  bootstrap: 'L0',
  vm_labels: labels.map((label, at) =>
    at === 0 ? { name: 'L0', ste: types, chwall: [] } : { name: `L${at}`, ...label },
  ),
  resource_labels: types.map((type) => ({ name: type, ste: [type] })),
});

const vm = fc.constantFrom(...vms);
const label = fc.constantFrom('L1', 'L2', 'L3');
const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constantFrom('start', 'resume'),
      vm,
      label,
      disks: fc.subarray(disks, { maxLength: 1 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('stop', 'pause', 'suspend', 'migrate_out'), vm }) },
  fc.record({ op: fc.constant('attach_resource'), vm, resource: fc.constantFrom(...disks) }),
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('communicate'), a: vm, b: fc.constantFrom('Domain-0', ...vms) }),
  },
  fc.record({ op: fc.constant('set_system_label'), label: fc.constantFrom('L0', 'L1', 'L2') }),
  fc.record({ op: fc.constant('relabel_vm'), vm, label }),
  fc.record({
    op: fc.constant('label_resource'),
    resource: fc.constantFrom(...disks),
    label: fc.constantFrom(...types),
  }),
);

const histories = fc.record({
  first: policies,
  second: policies,
  events: fc.array(event, { maxLength: 25 }),
  after: fc.array(event, { maxLength: 10 }),
});

/** Everything that can be asked of a simulation, as text. */
function picture(simulation: Simulation): string {
  const asked = [
    ...vms.map((name) => simulation.apply({ op: 'check_vm_label', vm: name })),
    ...disks.map((resource) => simulation.apply({ op: 'check_resource_label', resource })),
    ...['L0', 'L1', 'L2', 'L3'].map((name) => simulation.apply({ op: 'can_run', label: name })),
  ].map(({ permit, reason, object, detail }) => [permit, reason, object, detail]);
  return JSON.stringify([simulation.policy.version.text, simulation.running(), asked]);
}

/** What mode strict promises of every state, recomputed from names alone. */
function expectSound(simulation: Simulation): void {
  const compiled = compilePolicy(simulation.policy);
  const document = simulation.policy;
  const [system, ...guests] = simulation.running();
  const ste = (name: string): readonly string[] => document.vmLabels.find((item) => item.name === name)?.ste ?? [];
  const excluding = (name: string): ReadonlySet<string> => {
    const inSets = document.conflictSets.flatMap((set) => set.types);
    const own = document.vmLabels.find((item) => item.name === name)?.chwall ?? [];
    return new Set([...own, ...ste(name).filter((type) => inSets.includes(type))]);
  };
  for (const guest of guests) {
    expect(compiled.vmRow(guest.label)).toBeDefined();
    expect(ste(guest.label).length).toBeGreaterThan(0);
    for (const type of ste(guest.label)) expect(ste(system?.label ?? '')).toContain(type);
  }
  for (const set of document.conflictSets) {
    const running = new Set(guests.flatMap((guest) => set.types.filter((type) => excluding(guest.label).has(type))));
    expect(running.size).toBeLessThanOrEqual(1);
  }
}

test('mode strict: no reachable state breaks the rules, also after updates; what is refused changes nothing', () => {
  fc.assert(
    fc.property(histories, ({ first, second, events, after }) => {
      const simulation = createSimulation(parsePolicyJson(json(first, 0)));
      for (const step of [...events, { op: 'update_policy', policy: json(second, 1) }, ...after]) {
        const before = picture(simulation);
        const { permit } = simulation.apply(step);
        if (!permit) expect(picture(simulation)).toBe(before);
        expectSound(simulation);
      }
    }),
    { numRuns: 300 },
  );
});

test('mode xen: what is refused changes nothing', () => {
  fc.assert(
    fc.property(histories, ({ first, second, events, after }) => {
      const simulation = createSimulation(parsePolicyJson(json(first, 0)), { mode: 'xen' });
      for (const step of [...events, { op: 'update_policy', policy: json(second, 1) }, ...after]) {
        const before = picture(simulation);
        if (!simulation.apply(step).permit) expect(picture(simulation)).toBe(before);
      }
    }),
    { numRuns: 150 },
  );
});

describe.each(['strict', 'xen'] as const)('mode %s', (mode: PolicyMode) => {
  test('sharing is symmetric', () => {
    fc.assert(
      fc.property(policies, fc.array(event, { maxLength: 15 }), vm, vm, (first, events, a, b) => {
        const simulation = createSimulation(parsePolicyJson(json(first, 0)), { mode });
        for (const step of events) simulation.apply(step);
        const [there, back] = [
          simulation.apply({ op: 'communicate', a, b }),
          simulation.apply({ op: 'communicate', a: b, b: a }),
        ];
        expect([there.permit, there.reason, there.common]).toEqual([back.permit, back.reason, back.common]);
      }),
      { numRuns: 100 },
    );
  });

  test('a VM that is admitted and leaves restores what may run', () => {
    fc.assert(
      fc.property(policies, fc.array(event, { maxLength: 15 }), label, (first, events, own) => {
        const simulation = createSimulation(parsePolicyJson(json(first, 0)), { mode });
        for (const step of events) simulation.apply(step);
        const before = picture(simulation);
        if (!simulation.apply({ op: 'start', vm: 'guest', label: own }).permit) return;
        simulation.apply({ op: 'stop', vm: 'guest' });
        expect(picture(simulation)).toBe(before);
      }),
      { numRuns: 100 },
    );
  });

  test('a larger system label authorizes whatever a smaller one does', () => {
    fc.assert(
      fc.property(someTypes, someTypes, someTypes, (small, more, own) => {
        const allowed = (system: readonly string[]): string => {
          const document = {
            ...json(
              {
                labels: [
                  { ste: [], chwall: [] },
                  { ste: own, chwall: [] },
                ],
                sets: [],
              },
              0,
            ),
          };
          document.vm_labels = [{ name: 'L0', ste: [...system], chwall: [] }, ...document.vm_labels.slice(1)];
          return createSimulation(parsePolicyJson(document), { mode }).apply({ op: 'can_run', label: 'L1' }).reason;
        };
        if (allowed(small) === 'authorized') expect(allowed([...new Set([...small, ...more])])).toBe('authorized');
      }),
      { numRuns: 100 },
    );
  });
});
