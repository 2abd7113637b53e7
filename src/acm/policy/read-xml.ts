import { ParseError } from '../../base/index.js';
import { childElements, parseXmlTree, type XmlElement } from '../../xml/index.js';
import {
  type ConflictSet,
  createPolicy,
  type PolicyDocument,
  type PolicyReference,
  type ResourceLabel,
  type VmLabel,
  withoutEmptyType,
} from './document.js';
import { PolicyFormatError } from './finding.js';
import { rememberSource } from './source.js';
import { type PolicyVersion, tryPolicyVersion } from './version.js';
import { policyTree } from './xml-schema.js';

const maxElements = 4_000_000;

/** The tree of a policy document, DOCTYPE without a subset tolerated. @throws PolicyFormatError `XSERR_XML_PROCESSING` */
export function parsePolicyTree(text: string): XmlElement {
  try {
    return parseXmlTree(text, {
      doctype: 'without-subset',
      processingInstructions: 'skip',
      limits: { maxElements, maxDepth: 16 },
    });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const position = { line: error.line, column: error.column };
    throw new PolicyFormatError(
      'XSERR_XML_PROCESSING',
      `not well-formed: ${error.message.replace(/ \(line.*$/, '')}`,
      '',
      position,
      error,
    );
  }
}

// Never trimmed: white space is part of a name.
function text(element: XmlElement | undefined): string {
  if (element === undefined) return '';
  let all = '';
  for (const child of element.children) if (child.kind === 'text') all += child.text;
  return all;
}

const child = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element === undefined ? undefined : childElements(element, name)[0];

const attribute = (element: XmlElement, name: string): string | undefined =>
  element.attributes.find((candidate) => candidate.name === name)?.value;

const typesOf = (list: XmlElement | undefined): readonly string[] =>
  list === undefined ? [] : withoutEmptyType(childElements(list, 'Type').map(text));

function version(element: XmlElement | undefined): PolicyVersion {
  const found = tryPolicyVersion(text(element));
  if (found !== null) return found;
  const { line, column } = element as XmlElement;
  throw new PolicyFormatError('XSERR_BAD_XML', `bad version ${JSON.stringify(text(element))}`, 'Version', {
    line,
    column,
  });
}

function fromPolicy(header: XmlElement): PolicyReference | null {
  const element = child(header, 'FromPolicy');
  if (element === undefined) return null;
  return { name: text(child(element, 'PolicyName')), version: version(child(element, 'Version')) };
}

function header(element: XmlElement): PolicyDocument['header'] {
  const field = (name: string): string | undefined => {
    const found = child(element, name);
    return found === undefined ? undefined : text(found);
  };
  const url = field('PolicyUrl');
  const reference = field('Reference');
  const date = field('Date');
  const nameSpaceUrl = field('NameSpaceUrl');
  return {
    ...(url === undefined ? {} : { url }),
    ...(reference === undefined ? {} : { reference }),
    ...(date === undefined ? {} : { date }),
    ...(nameSpaceUrl === undefined ? {} : { nameSpaceUrl }),
  };
}

function named(element: XmlElement): { readonly name: string; readonly from?: string } {
  const name = child(element, 'Name') as XmlElement;
  const from = attribute(name, 'from');
  return { name: text(name), ...(from === undefined ? {} : { from }) };
}

const vmLabel = (element: XmlElement): VmLabel => ({
  ...named(element),
  ste: typesOf(child(element, 'SimpleTypeEnforcementTypes')),
  chwall: typesOf(child(element, 'ChineseWallTypes')),
});

const resourceLabel = (element: XmlElement): ResourceLabel => ({
  ...named(element),
  type: text(child(child(element, 'SimpleTypeEnforcementTypes'), 'Type')),
});

const conflictSet = (element: XmlElement): ConflictSet => ({
  name: attribute(element, 'name') ?? '',
  types: typesOf(element),
});

const children = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  element === undefined ? [] : childElements(element, name);

/**
 * Reads the XML form of a policy and checks it against the schema (order, cardinality, attributes, version pattern).
 * @throws PolicyFormatError `XSERR_XML_PROCESSING` not well-formed or with a DOCTYPE subset; `XSERR_BAD_XML` against the schema
 */
export function parsePolicyXml(input: string): PolicyDocument {
  const root = policyTree(parsePolicyTree(input));
  const head = child(root, 'PolicyHeader') as XmlElement;
  const wall = child(root, 'ChineseWall');
  const labels = child(root, 'SecurityLabelTemplate');
  const subjects = child(labels, 'SubjectLabels');
  const document = createPolicy({
    name: text(child(head, 'PolicyName')),
    version: version(child(head, 'Version')),
    header: header(head),
    fromPolicy: fromPolicy(head),
    steTypes: typesOf(child(child(root, 'SimpleTypeEnforcement'), 'SimpleTypeEnforcementTypes')),
    chwallTypes: typesOf(child(wall, 'ChineseWallTypes')),
    chwallPrimary: wall !== undefined && attribute(wall, 'priority') === 'PrimaryPolicyComponent',
    conflictSets: children(child(wall, 'ConflictSets'), 'Conflict').map(conflictSet),
    bootstrap: subjects === undefined ? '' : (attribute(subjects, 'bootstrap') ?? ''),
    vmLabels: children(subjects, 'VirtualMachineLabel').map(vmLabel),
    resourceLabels: children(child(labels, 'ObjectLabels'), 'ResourceLabel').map(resourceLabel),
  });
  return rememberSource(document, { format: 'xml', text: input });
}
