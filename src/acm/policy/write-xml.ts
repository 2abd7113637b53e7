import type { PolicyDocument, ResourceLabel, VmLabel } from './document.js';
import { escapePolicyAttribute, escapePolicyText, policyNamespace } from './xml-form.js';

const element = (name: string, content: string): string =>
  content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;

const textElement = (name: string, text: string): string => element(name, escapePolicyText(text));

const optional = (name: string, text: string | undefined): string =>
  text === undefined ? '' : textElement(name, text);

// A list of types may not be empty in XML: the empty type stands for none.
const types = (name: string, list: readonly string[]): string =>
  element(name, list.length === 0 ? '<Type/>' : list.map((type) => textElement('Type', type)).join(''));

function labelName(label: { readonly name: string; readonly from?: string }): string {
  const from = label.from === undefined ? '' : ` from="${escapePolicyAttribute(label.from)}"`;
  const text = escapePolicyText(label.name);
  return text === '' ? `<Name${from}/>` : `<Name${from}>${text}</Name>`;
}

function header(document: PolicyDocument): string {
  const { fromPolicy } = document;
  return element(
    'PolicyHeader',
    textElement('PolicyName', document.name) +
      optional('PolicyUrl', document.header.url) +
      optional('Reference', document.header.reference) +
      optional('Date', document.header.date) +
      optional('NameSpaceUrl', document.header.nameSpaceUrl) +
      textElement('Version', document.version.text) +
      (fromPolicy === null
        ? ''
        : element(
            'FromPolicy',
            textElement('PolicyName', fromPolicy.name) + textElement('Version', fromPolicy.version.text),
          )),
  );
}

function chineseWall(document: PolicyDocument): string {
  if (document.chwallTypes.length === 0 && document.conflictSets.length === 0) return '';
  const priority = document.chwallPrimary ? ' priority="PrimaryPolicyComponent"' : '';
  const sets = document.conflictSets
    .map((set) => {
      const list = set.types.length === 0 ? '<Type/>' : set.types.map((type) => textElement('Type', type)).join('');
      return `<Conflict name="${escapePolicyAttribute(set.name)}">${list}</Conflict>`;
    })
    .join('');
  const conflicts = sets === '' ? '' : element('ConflictSets', sets);
  return `<ChineseWall${priority}>${types('ChineseWallTypes', document.chwallTypes)}${conflicts}</ChineseWall>`;
}

const vmLabel = (label: VmLabel): string =>
  element(
    'VirtualMachineLabel',
    labelName(label) + types('SimpleTypeEnforcementTypes', label.ste) + types('ChineseWallTypes', label.chwall),
  );

const resourceLabel = (label: ResourceLabel): string =>
  element(
    'ResourceLabel',
    labelName(label) + types('SimpleTypeEnforcementTypes', label.type === '' ? [] : [label.type]),
  );

/**
 * A policy in the XML form that is its own serialisation, so that its SHA-1 is the one in the binary form: one line, the
 * declaration directly followed by the root, default namespace only, no white space between elements.
 */
export function writePolicyXml(document: PolicyDocument): string {
  const subjects =
    document.vmLabels.length === 0
      ? ''
      : `<SubjectLabels bootstrap="${escapePolicyAttribute(document.bootstrap)}">${document.vmLabels.map(vmLabel).join('')}</SubjectLabels>`;
  const objects =
    document.resourceLabels.length === 0
      ? ''
      : element('ObjectLabels', document.resourceLabels.map(resourceLabel).join(''));
  const ste =
    document.steTypes.length === 0
      ? ''
      : element('SimpleTypeEnforcement', types('SimpleTypeEnforcementTypes', document.steTypes));
  return (
    `<?xml version="1.0" ?><SecurityPolicyDefinition xmlns="${policyNamespace}">` +
    header(document) +
    ste +
    chineseWall(document) +
    element('SecurityLabelTemplate', subjects + objects) +
    '</SecurityPolicyDefinition>'
  );
}
