import fc from 'fast-check';
import { compilePolicy, sortedNames } from '../../../src/acm/index.js';
import { policy } from '../policies.js';

const many = Array.from({ length: 100 }, (_, at) => `t${at}`);
const held = fc.uniqueArray(fc.constantFrom(...many), { maxLength: 12 });

test('sharing, superset and common types agree with sets of names, over several words', () => {
  fc.assert(
    fc.property(held, held, (a, b) => {
      const vm_labels = [
        { name: 'L', ste: a, chwall: [] },
        { name: 'M', ste: b, chwall: [] },
      ];
      const compiled = compilePolicy(policy({ ste_types: many, bootstrap: 'L', vm_labels, resource_labels: [] }));
      const [l, m] = [compiled.vmRow('L') ?? 0, compiled.vmRow('M') ?? 0];
      const common = sortedNames(a.filter((type) => b.includes(type)));
      expect(compiled.commonTypes(l, m)).toEqual(common);
      expect(compiled.ste.meet(l, m)).toBe(common.length > 0);
      expect(compiled.ste.meet(m, l)).toBe(common.length > 0);
      expect(compiled.ste.covers(l, m)).toBe(b.every((type) => a.includes(type)));
      expect(compiled.missingTypes(l, m)).toEqual(sortedNames(b.filter((type) => !a.includes(type))));
      expect(compiled.typesOf(l)).toEqual(sortedNames(a));
    }),
    { numRuns: 200 },
  );
});

test('rows and label indices are those of the binary form', () => {
  const vm_labels = ['Z', 'S', '__UNLABELED__', 'A'].map((name) => ({ name, ste: ['A'], chwall: [] }));
  const compiled = compilePolicy(policy({ vm_labels }));
  expect(compiled.vmNames).toEqual(['__UNLABELED__', 'S', 'A', 'Z']);
  expect(compiled.ssidref(2)).toBe(0x20002);
  expect(compilePolicy(policy({ vm_labels, chwall_types: [] })).ssidref(2)).toBe(2);
});

test('what excludes is the Chinese Wall set, in mode strict with the types that a conflict set names', () => {
  const document = policy({ conflict_sets: [{ name: 'x', types: ['A', 'B'] }] });
  const strict = compilePolicy(document);
  expect(strict.exclusionOf(strict.vmRow('S') ?? 0)).toEqual(['A', 'B', 'S']);
  expect(strict.selfConflict(strict.vmRow('AB') ?? 0)).toBe('x');
  const xen = compilePolicy(document, 'xen');
  expect(xen.exclusionOf(xen.vmRow('S') ?? 0)).toEqual(['S']);
  expect(xen.selfConflict(xen.vmRow('AB') ?? 0)).toBeNull();
});
