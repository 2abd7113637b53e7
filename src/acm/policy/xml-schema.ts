import type { XmlElement } from '../../xml/index.js';
import { PolicyFormatError } from './finding.js';
import { policyNamespace } from './xml-form.js';

interface ElementRule {
  /** Children in this order; text only (null) where the element holds text. */
  readonly content: readonly ChildRule[] | null;
  readonly attributes?: Readonly<Record<string, { readonly required?: boolean; readonly only?: string }>>;
}

interface ChildRule {
  readonly name: string;
  readonly rule: ElementRule;
  readonly min: number;
  readonly max: number;
}

const textOnly: ElementRule = { content: null };
const many = Number.POSITIVE_INFINITY;

const one = (name: string, rule: ElementRule = textOnly): ChildRule => ({ name, rule, min: 1, max: 1 });
const maybe = (name: string, rule: ElementRule = textOnly): ChildRule => ({ name, rule, min: 0, max: 1 });
const some = (name: string, rule: ElementRule = textOnly): ChildRule => ({ name, rule, min: 1, max: many });
const any = (name: string, rule: ElementRule = textOnly): ChildRule => ({ name, rule, min: 0, max: many });

const typeList: ElementRule = { content: [some('Type')] };
const labelName: ElementRule = { content: null, attributes: { from: {} } };

// The schema of policy documents, element by element.
const schema: ElementRule = {
  content: [
    one('PolicyHeader', {
      content: [
        one('PolicyName'),
        maybe('PolicyUrl'),
        maybe('Reference'),
        maybe('Date'),
        maybe('NameSpaceUrl'),
        one('Version'),
        maybe('FromPolicy', { content: [one('PolicyName'), one('Version')] }),
      ],
    }),
    maybe('SimpleTypeEnforcement', {
      content: [one('SimpleTypeEnforcementTypes', typeList)],
      attributes: { priority: {} },
    }),
    maybe('ChineseWall', {
      content: [
        one('ChineseWallTypes', typeList),
        maybe('ConflictSets', {
          content: [some('Conflict', { content: [some('Type')], attributes: { name: { required: true } } })],
        }),
      ],
      attributes: { priority: { only: 'PrimaryPolicyComponent' } },
    }),
    one('SecurityLabelTemplate', {
      content: [
        maybe('SubjectLabels', {
          content: [
            some('VirtualMachineLabel', {
              content: [
                one('Name', labelName),
                maybe('SimpleTypeEnforcementTypes', typeList),
                any('ChineseWallTypes', typeList),
              ],
            }),
          ],
          attributes: { bootstrap: { required: true } },
        }),
        maybe('ObjectLabels', {
          content: [
            some('ResourceLabel', {
              content: [one('Name', labelName), one('SimpleTypeEnforcementTypes', { content: [one('Type')] })],
            }),
          ],
        }),
      ],
    }),
  ],
};

function fail(element: XmlElement, path: string, message: string): never {
  const { line, column } = element;
  throw new PolicyFormatError('XSERR_BAD_XML', `${path}: ${message}`, path, { line, column });
}

const isNamespaceMatter = (name: string): boolean =>
  name === 'xmlns' || name.startsWith('xmlns:') || name.startsWith('xsi:') || name.startsWith('xml:');

function checkAttributes(element: XmlElement, rule: ElementRule, path: string): void {
  for (const { name, value } of element.attributes) {
    if (isNamespaceMatter(name)) {
      if (name === 'xmlns' && value !== policyNamespace) fail(element, path, `expected namespace ${policyNamespace}`);
      continue;
    }
    const known = rule.attributes?.[name];
    if (known === undefined) fail(element, path, `unknown attribute ${name}`);
    if (known.only !== undefined && value !== known.only) fail(element, path, `expected ${name}="${known.only}"`);
  }
  for (const [name, { required }] of Object.entries(rule.attributes ?? {})) {
    if (required === true && !element.attributes.some((attribute) => attribute.name === name)) {
      fail(element, path, `attribute ${name} is missing`);
    }
  }
}

function checkContent(element: XmlElement, rules: readonly ChildRule[], path: string): void {
  let at = 0;
  let count = 0;
  for (const node of element.children) {
    if (node.kind === 'text') {
      if (/[^ \t\r\n]/.test(node.text)) fail(element, path, 'text is not expected here');
      continue;
    }
    let rule = rules[at];
    while (rule !== undefined && (rule.name !== node.name || count === rule.max)) {
      if (count < rule.min) fail(node, path, `expected ${rule.name}, got ${node.name}`);
      rule = rules[++at];
      count = 0;
    }
    if (rule === undefined) fail(node, path, `element ${node.name} is not expected here`);
    count++;
    checkElement(node, rule.rule, rule.max === 1 ? `${path}/${node.name}` : `${path}/${node.name}[${count}]`);
  }
  for (let rule = rules[at]; rule !== undefined; rule = rules[++at]) {
    if (count < rule.min) fail(element, path, `element ${rule.name} is missing`);
    count = 0;
  }
}

function checkElement(element: XmlElement, rule: ElementRule, path: string): void {
  checkAttributes(element, rule, path);
  if (rule.content !== null) return checkContent(element, rule.content, path);
  for (const node of element.children) {
    if (node.kind === 'element') fail(node, path, `element ${node.name} is not expected here`);
  }
}

/**
 * The root of a policy document if it keeps to the schema; names are compared raw, because the original tools read prefixed
 * documents wrongly.
 * @throws PolicyFormatError `XSERR_BAD_XML`
 */
export function policyTree(root: XmlElement): XmlElement {
  const path = 'SecurityPolicyDefinition';
  if (root.name !== path) fail(root, root.name, `expected the root element ${path}`);
  if (!root.attributes.some(({ name, value }) => name === 'xmlns' && value === policyNamespace)) {
    fail(root, path, `expected the default namespace ${policyNamespace}`);
  }
  checkElement(root, schema, path);
  return root;
}
