import {
  isValid,
  parsePolicyJson,
  parsePolicyXml,
  PolicyFormatError,
  type PolicyMode,
  validatePolicy,
  writePolicyJson,
  writePolicyXml,
  xserrNumber,
} from '../../../src/acm/index.js';
import { policy, policyJson } from '../policies.js';
import { thrownBy } from '../thrown.js';

const errors = (changes: Record<string, unknown>, mode: PolicyMode = 'strict', hostHasPolicy = false): string[] =>
  validatePolicy(policy(changes), { mode, hostHasPolicy }).flatMap(({ xserr }) => (xserr === null ? [] : [xserr]));

const labels = (...more: object[]) => ({ vm_labels: [...(policyJson()['vm_labels'] as object[]), ...more] });
const conflict = (...sets: object[]) => ({ conflict_sets: sets });
const resources = (...list: object[]) => ({ resource_labels: list });

const formatCode = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof PolicyFormatError) return error.code;
    throw error;
  }
  return 'accepted';
};

test('the small policy is valid in both modes', () => {
  for (const mode of ['strict', 'xen'] as const) expect(errors({}, mode)).toEqual([]);
});

test('error numbers count from 0x1000 in the order of the original', () => {
  expect(xserrNumber('XSERR_GENERAL_FAILURE')).toBe(0x1001);
  expect(xserrNumber('XSERR_VM_IN_CONFLICT')).toBe(4123);
  expect(xserrNumber('XSERR_POLICY_HAS_DUPLICATES')).toBe(0x101c);
});

describe('errors that both modes report', () => {
  const rows: [string, Record<string, unknown>, string][] = [
    ['a colon in the policy name', { name: 'a:b' }, 'XSERR_BAD_POLICY_NAME'],
    ['a colon in a resource label', resources({ name: 'a:b', ste: ['A'] }), 'XSERR_BAD_LABEL'],
    ['a colon in a VM label', labels({ name: 'a:b', ste: ['A'], chwall: [] }), 'XSERR_BAD_LABEL'],
    ['a bootstrap label that is no VM label', { bootstrap: 'X' }, 'XSERR_POLICY_INCONSISTENT'],
    ['an empty bootstrap label', { bootstrap: '' }, 'XSERR_POLICY_INCONSISTENT'],
    ['no VM labels', { vm_labels: [] }, 'XSERR_POLICY_INCONSISTENT'],
    ['a VM label defined twice', labels({ name: 'A', ste: ['A'], chwall: [] }), 'XSERR_POLICY_HAS_DUPLICATES'],
    [
      'a resource label defined twice',
      resources({ name: 'A', ste: ['A'] }, { name: 'A', ste: ['B'] }),
      'XSERR_POLICY_HAS_DUPLICATES',
    ],
    ['a type declared twice', { ste_types: ['S', 'A', 'B', 'A'] }, 'XSERR_POLICY_HAS_DUPLICATES'],
    ['a Chinese Wall type declared twice', { chwall_types: ['S', 'A', 'B', 'B'] }, 'XSERR_POLICY_HAS_DUPLICATES'],
    ['a conflict set without name', conflict({ name: '', types: ['A', 'B'] }), 'XSERR_BAD_CONFLICTSET'],
    ['an undeclared type in a VM label', labels({ name: 'C', ste: ['C'], chwall: [] }), 'XSERR_BAD_LABEL'],
    [
      'an undeclared Chinese Wall type in a VM label',
      labels({ name: 'C', ste: ['A'], chwall: ['C'] }),
      'XSERR_BAD_LABEL',
    ],
    ['an undeclared type in a resource label', resources({ name: 'C', ste: ['C'] }), 'XSERR_BAD_LABEL'],
  ];
  test.each(rows)('%s', (_, changes, code) => {
    expect(errors(changes)).toEqual([code]);
    expect(errors(changes, 'xen')).toEqual([code]);
  });
});

describe('errors that only mode strict reports', () => {
  const rows: [string, Record<string, unknown>, string][] = [
    ['a conflict set with an unknown type', conflict({ name: 'x', types: ['A', 'B', 'C'] }), 'XSERR_BAD_CONFLICTSET'],
    ['a conflict set with one type', conflict({ name: 'x', types: ['A', 'A'] }), 'XSERR_BAD_CONFLICTSET'],
    [
      'two conflict sets of one name',
      conflict({ name: 'x', types: ['A', 'B'] }, { name: 'x', types: ['S', 'B'] }),
      'XSERR_BAD_CONFLICTSET',
    ],
    ['an empty policy name', { name: '' }, 'XSERR_BAD_POLICY_NAME'],
    ['a version of digits alone', { version: '100' }, 'XSERR_BAD_XML'],
  ];
  test.each(rows)('%s', (_, changes, code) => {
    expect(errors(changes)).toEqual([code]);
    expect(errors(changes, 'xen')).toEqual([]);
  });

  test('digits alone are a major version with minor 0', () => {
    expect(policy({ version: '100' }).version).toMatchObject({ major: 100, minor: 0 });
  });
});

test('on a host with a policy mode xen reports early rows as XSERR_XML_PROCESSING, later ones by their own name', () => {
  expect(errors({ name: 'a:b' }, 'xen', true)).toEqual(['XSERR_XML_PROCESSING']);
  expect(errors({ bootstrap: 'X' }, 'xen', true)).toEqual(['XSERR_POLICY_INCONSISTENT']);
  expect(errors({ ste_types: ['S', 'A', 'B', 'A'] }, 'xen', true)).toEqual(['XSERR_POLICY_HAS_DUPLICATES']);
  expect(errors({ name: 'a:b' }, 'strict', true)).toEqual(['XSERR_BAD_POLICY_NAME']);
});

test('labels that hold two types of one conflict set, several types or none are valid but warned about', () => {
  const findings = validatePolicy(
    policy({ ...conflict({ name: 'x', types: ['A', 'B'] }), ...labels({ name: 'N', ste: [] }) }),
  );
  expect(isValid(findings)).toBe(true);
  expect(findings.map(({ element, severity }) => [element, severity])).toEqual([
    ['vm_labels[3]', 'warning'],
    ['vm_labels[3]', 'warning'],
    ['vm_labels[4]', 'warning'],
  ]);
});

describe('the XML schema', () => {
  const xml = writePolicyXml(policy());
  const changed: [string, string][] = [
    ['a wrong root', xml.replaceAll('SecurityPolicyDefinition', 'Definition')],
    ['another namespace', xml.replace('http://www.ibm.com', 'http://example.com')],
    ['no namespace', xml.replace(' xmlns="http://www.ibm.com"', '')],
    ['no version', xml.replace('<Version>1.0</Version>', '')],
    ['a version that is none', xml.replace('<Version>1.0</Version>', '<Version>one</Version>')],
    [
      'header fields out of order',
      xml.replace(
        '<PolicyName>p</PolicyName><Version>1.0</Version>',
        '<Version>1.0</Version><PolicyName>p</PolicyName>',
      ),
    ],
    [
      'a second header',
      xml.replace(
        '</PolicyHeader>',
        '</PolicyHeader><PolicyHeader><PolicyName>q</PolicyName><Version>1.0</Version></PolicyHeader>',
      ),
    ],
    ['no bootstrap attribute', xml.replace(' bootstrap="S"', '')],
    ['a resource label with two types', xml.replace(/(<ResourceLabel>.*?<Type>A<\/Type>)/, '$1<Type>B</Type>')],
    ['a resource label without type', xml.replace(/(<ResourceLabel>.*?)<Type>A<\/Type>/, '$1')],
    ['an unknown element', xml.replace('<PolicyHeader>', '<PolicyHeader><Extra/>')],
    ['an unknown attribute', xml.replace('<PolicyHeader>', '<PolicyHeader x="1">')],
    ['an unknown priority', xml.replace('PrimaryPolicyComponent', 'Secondary')],
    ['text between elements', xml.replace('<PolicyHeader>', '<PolicyHeader>text')],
    ['an element inside text', xml.replace('<PolicyName>p', '<PolicyName><b/>p')],
  ];
  test.each(changed)('refuses %s with XSERR_BAD_XML', (_, text) => {
    expect(text).not.toBe(xml);
    expect(formatCode(() => parsePolicyXml(text))).toBe('XSERR_BAD_XML');
  });

  test.each([
    ['an unclosed element', xml.replace('</PolicyHeader>', '')],
    ['an empty text', ''],
    ['a DOCTYPE with an entity', xml.replace('?>', '?><!DOCTYPE SecurityPolicyDefinition [<!ENTITY a "b">]>')],
  ])('refuses %s with XSERR_XML_PROCESSING', (_, text) => {
    expect(formatCode(() => parsePolicyXml(text))).toBe('XSERR_XML_PROCESSING');
  });

  test('takes a DOCTYPE without a subset', () => {
    expect(parsePolicyXml(xml.replace('?>', '?><!DOCTYPE SecurityPolicyDefinition>'))).toEqual(policy());
  });
});

describe('the JSON form', () => {
  test.each([
    ['an unknown field', { conflict_set: [] }],
    ['a number as name', { name: 1 }],
    ['a missing version', { version: undefined }],
    ['a resource label without type', resources({ name: 'A', ste: [] })],
    ['a resource label with two types', resources({ name: 'A', ste: ['A', 'B'] })],
    ['a line feed in a name', { name: 'a\nb' }],
    ['half a surrogate pair', { name: '\ud800' }],
    ['a label that is text', { vm_labels: ['A'] }],
  ])('refuses %s with XSERR_BAD_XML', (_, changes: Record<string, unknown>) => {
    expect(formatCode(() => policy(changes))).toBe('XSERR_BAD_XML');
  });

  test('what is not JSON is XSERR_XML_PROCESSING', () => {
    expect(formatCode(() => parsePolicyJson('{"name":'))).toBe('XSERR_XML_PROCESSING');
  });

  test('the empty type stands for none', () => {
    const vm_labels = [{ name: 'S', ste: ['S'], chwall: [''] }];
    expect(policy({ vm_labels }).vmLabels[0]?.chwall).toEqual([]);
  });
});

describe('findings say where', () => {
  const wrong = policy({ ...labels({ name: 'C', ste: ['A', 'X'], chwall: [] }) });

  test('in JSON text', () => {
    const text = writePolicyJson(wrong);
    const [finding] = validatePolicy(parsePolicyJson(text));
    expect(finding).toMatchObject({ element: 'vm_labels[4].ste[1]', xserr: 'XSERR_BAD_LABEL', code: 4116 });
    const { line, column } = finding?.position ?? { line: 0, column: 0 };
    expect(text.split('\n')[line - 1]?.slice(column - 1)).toBe('"X"');
  });

  test('in XML text', () => {
    const text = writePolicyXml(wrong).replaceAll('><', '>\n<');
    const [finding] = validatePolicy(parsePolicyXml(text));
    const { line, column } = finding?.position ?? { line: 0, column: 0 };
    expect(text.split('\n')[line - 1]?.slice(column - 1)).toBe('<Type>X</Type>');
  });

  test('in text of the wrong shape', () => {
    const text = '{"name":"p",\n "version":"1.0",\n "vm_labels":[{"name":"S","ste":["S", 7]}]}';
    expect(thrownBy(() => parsePolicyJson(text))).toMatchObject({
      line: 3,
      column: 39,
      element: 'vm_labels[0].ste[1]',
    });
  });
});
