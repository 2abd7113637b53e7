import { childElements, type XmlElement } from '../../xml/index.js';
import type { Position } from './finding.js';

// Steps of a path in the JSON form → elements of the XML form.
const containers: Readonly<Record<string, readonly string[]>> = {
  name: ['PolicyHeader', 'PolicyName'],
  version: ['PolicyHeader', 'Version'],
  from_policy: ['PolicyHeader', 'FromPolicy'],
  ste_types: ['SimpleTypeEnforcement', 'SimpleTypeEnforcementTypes', 'Type'],
  chwall_types: ['ChineseWall', 'ChineseWallTypes', 'Type'],
  conflict_sets: ['ChineseWall', 'ConflictSets', 'Conflict'],
  bootstrap: ['SecurityLabelTemplate', 'SubjectLabels'],
  vm_labels: ['SecurityLabelTemplate', 'SubjectLabels', 'VirtualMachineLabel'],
  resource_labels: ['SecurityLabelTemplate', 'ObjectLabels', 'ResourceLabel'],
};
const fields: Readonly<Record<string, readonly string[]>> = {
  'vm_labels.name': ['Name'],
  'resource_labels.name': ['Name'],
  'vm_labels.ste': ['SimpleTypeEnforcementTypes', 'Type'],
  'resource_labels.ste': ['SimpleTypeEnforcementTypes', 'Type'],
  'vm_labels.chwall': ['ChineseWallTypes', 'Type'],
  'conflict_sets.types': ['Type'],
};

const elementPath = /^(\w+)(?:\[(\d+)\])?(?:\.(\w+)(?:\[(\d+)\])?)?$/;

function descend(start: XmlElement, names: readonly string[], index: number): XmlElement {
  let at = start;
  for (const [step, name] of names.entries()) {
    const found = childElements(at, name)[step === names.length - 1 ? index : 0];
    // What is missing is reported at the element that should hold it.
    if (found === undefined) return at;
    at = found;
  }
  return at;
}

/** Where the element of a path in the JSON form stands in the tree of the XML form. */
export function xmlPosition(root: XmlElement, element: string): Position {
  const match = elementPath.exec(element);
  let at = root;
  if (match !== null) {
    const [, top = '', topIndex, field, fieldIndex] = match;
    at = descend(root, containers[top] ?? [], Number(topIndex ?? 0));
    if (field !== undefined) at = descend(at, fields[`${top}.${field}`] ?? [], Number(fieldIndex ?? 0));
  }
  return { line: at.line, column: at.column };
}
