import { isPlainVersion } from './version.js';
import type { PolicyDocument } from './document.js';
import type { Finding } from './finding.js';
import { jsonPosition } from './json-position.js';
import type { PolicyMode } from './mode.js';
import { parsePolicyTree } from './read-xml.js';
import { sourceOf } from './source.js';
import { xmlPosition } from './xml-position.js';
import { type XserrName, xserrNumber } from './xserr.js';

export interface ValidationOptions {
  /** Default strict. */
  readonly mode?: PolicyMode;
  /**
   * True for an update of a running host in mode xen: the original then reports the early rows, up to bad labels' names, as
   * `XSERR_XML_PROCESSING`. Default false.
   */
  readonly hostHasPolicy?: boolean;
}

type Report = (xserr: XserrName | null, element: string, message: string) => void;

/** Rows 2 to 4: what the original finds while it reads the document. */
function checkNames(document: PolicyDocument, strict: boolean, report: Report): void {
  if (strict) {
    if (!isPlainVersion(document.version)) {
      report('XSERR_BAD_XML', 'version', `version ${JSON.stringify(document.version.text)} is not of the form 1.0`);
    }
    const from = document.fromPolicy;
    if (from !== null && !isPlainVersion(from.version)) {
      report('XSERR_BAD_XML', 'from_policy', `version ${JSON.stringify(from.version.text)} is not of the form 1.0`);
    }
    for (const [at, label] of document.resourceLabels.entries()) {
      if (label.type !== '') continue;
      report('XSERR_BAD_XML', `resource_labels[${at}].ste`, `resource label ${label.name} has no type`);
    }
    if (document.name === '') report('XSERR_BAD_POLICY_NAME', 'name', 'the policy has no name');
  }
  if (document.name.includes(':')) {
    report('XSERR_BAD_POLICY_NAME', 'name', `policy name ${document.name} holds a colon`);
  }
  for (const key of ['resource_labels', 'vm_labels'] as const) {
    for (const [at, label] of (key === 'vm_labels' ? document.vmLabels : document.resourceLabels).entries()) {
      if (label.name.includes(':')) {
        report('XSERR_BAD_LABEL', `${key}[${at}].name`, `label name ${label.name} holds a colon`);
      } else if (strict && label.name === '') {
        report('XSERR_BAD_LABEL', `${key}[${at}].name`, 'a label has no name');
      }
    }
  }
}

function checkBootstrap(document: PolicyDocument, report: Report): void {
  if (document.vmLabels.length === 0) {
    report('XSERR_POLICY_INCONSISTENT', 'bootstrap', 'the policy has no VM label');
  } else if (document.bootstrap === '') {
    report('XSERR_POLICY_INCONSISTENT', 'bootstrap', 'the policy names no bootstrap label');
  } else if (!document.vmLabels.some((label) => label.name === document.bootstrap)) {
    report('XSERR_POLICY_INCONSISTENT', 'bootstrap', `bootstrap label ${document.bootstrap} is not a VM label`);
  }
}

function checkDuplicates(document: PolicyDocument, report: Report): void {
  const check = (what: string, names: readonly string[], element: (at: number) => string): void => {
    const seen = new Set<string>();
    for (const [at, name] of names.entries()) {
      if (seen.has(name)) report('XSERR_POLICY_HAS_DUPLICATES', element(at), `${what} ${name} is defined twice`);
      seen.add(name);
    }
  };
  const names = (labels: readonly { readonly name: string }[]): string[] => labels.map((label) => label.name);
  check('VM label', names(document.vmLabels), (at) => `vm_labels[${at}].name`);
  check('resource label', names(document.resourceLabels), (at) => `resource_labels[${at}].name`);
  check('type', document.steTypes, (at) => `ste_types[${at}]`);
  check('Chinese Wall type', document.chwallTypes, (at) => `chwall_types[${at}]`);
}

function checkConflictSets(document: PolicyDocument, strict: boolean, report: Report): void {
  const declared = new Set(document.chwallTypes);
  const names = new Set<string>();
  for (const [at, set] of document.conflictSets.entries()) {
    const element = `conflict_sets[${at}]`;
    if (set.name === '') report('XSERR_BAD_CONFLICTSET', `${element}.name`, 'a conflict set has no name');
    if (!strict) continue;
    if (set.name !== '' && names.has(set.name)) {
      report('XSERR_BAD_CONFLICTSET', `${element}.name`, `conflict set ${set.name} is defined twice`);
    }
    names.add(set.name);
    if (new Set(set.types).size < 2) {
      report('XSERR_BAD_CONFLICTSET', element, `conflict set ${set.name} has fewer than two types`);
    }
    for (const [index, type] of set.types.entries()) {
      if (declared.has(type)) continue;
      report(
        'XSERR_BAD_CONFLICTSET',
        `${element}.types[${index}]`,
        `conflict set ${set.name} holds ${type}, which is not a Chinese Wall type`,
      );
    }
  }
}

function checkTypesUsed(document: PolicyDocument, report: Report): void {
  const ste = new Set(document.steTypes);
  const chwall = new Set(document.chwallTypes);
  const check = (label: string, types: readonly string[], known: ReadonlySet<string>, element: string): void => {
    for (const [at, type] of types.entries()) {
      if (type === '' || known.has(type)) continue;
      report('XSERR_BAD_LABEL', `${element}[${at}]`, `label ${label} uses type ${type}, which is not declared`);
    }
  };
  for (const [at, label] of document.vmLabels.entries()) {
    check(label.name, label.ste, ste, `vm_labels[${at}].ste`);
    check(label.name, label.chwall, chwall, `vm_labels[${at}].chwall`);
  }
  for (const [at, label] of document.resourceLabels.entries()) {
    check(label.name, [label.type], ste, `resource_labels[${at}].ste`);
  }
}

/** What is allowed and yet deserves a look. */
function warn(document: PolicyDocument, strict: boolean, report: Report): void {
  const setsOf = new Map<string, number[]>();
  for (const [index, set] of document.conflictSets.entries()) {
    for (const type of new Set(set.types)) {
      const list = setsOf.get(type);
      if (list === undefined) setsOf.set(type, [index]);
      else list.push(index);
    }
  }
  for (const [at, label] of document.vmLabels.entries()) {
    const element = `vm_labels[${at}]`;
    if (label.name === document.bootstrap) continue;
    if (new Set(label.ste).size > 1) {
      report(null, element, `label ${label.name} has several types: the VMs that carry it must be trusted`);
    }
    if (label.ste.length === 0) report(null, element, `label ${label.name} has no type: no VM can start with it`);
    const held = new Set<number>();
    for (const type of new Set(strict ? [...label.chwall, ...label.ste] : label.chwall)) {
      for (const set of setsOf.get(type) ?? []) {
        if (held.has(set)) {
          const name = document.conflictSets[set]?.name ?? '';
          report(null, element, `label ${label.name} holds two types of conflict set ${name}`);
        }
        held.add(set);
      }
    }
  }
}

/**
 * All findings on a document, in the order in which the original tests: names, bootstrap, duplicates, conflict sets, undeclared
 * types; then warnings. The policy is valid if none has severity `error`; the first error is the one the original reports.
 */
export function validatePolicy(document: PolicyDocument, options: ValidationOptions = {}): readonly Finding[] {
  const strict = options.mode !== 'xen';
  const swallowed = !strict && options.hostHasPolicy === true;
  const source = sourceOf(document);
  const findings: Finding[] = [];
  let tree: ReturnType<typeof parsePolicyTree> | undefined;
  const position = (element: string): Finding['position'] => {
    if (source === undefined) return null;
    if (source.format === 'json') return jsonPosition(source.text, element);
    tree ??= parsePolicyTree(source.text);
    return xmlPosition(tree, element);
  };
  const report: Report = (xserr, element, message) => {
    findings.push({
      severity: xserr === null ? 'warning' : 'error',
      xserr,
      code: xserr === null ? 0 : xserrNumber(xserr),
      element,
      position: findings.length < maxPositions ? position(element) : null,
      message,
    });
  };
  checkNames(
    document,
    strict,
    swallowed ? (_, element, message) => report('XSERR_XML_PROCESSING', element, message) : report,
  );
  checkBootstrap(document, report);
  checkDuplicates(document, report);
  checkConflictSets(document, strict, report);
  checkTypesUsed(document, report);
  warn(document, strict, report);
  return findings;
}

// Looking up one position walks the text: enough of them to work with, few enough to stay linear.
const maxPositions = 50;

/** Whether a policy with these findings may be enforced. */
export function isValid(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.severity !== 'error');
}
