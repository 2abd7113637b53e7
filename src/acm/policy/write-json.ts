import type { PolicyDocument } from './document.js';

/** The JSON form as plain data, keys in the order of the documentation; absent header fields are left out. */
export function policyToJson(document: PolicyDocument): Record<string, unknown> {
  const { header, fromPolicy } = document;
  return {
    name: document.name,
    version: document.version.text,
    from_policy: fromPolicy === null ? null : { name: fromPolicy.name, version: fromPolicy.version.text },
    ...(header.url === undefined ? {} : { policy_url: header.url }),
    ...(header.reference === undefined ? {} : { reference: header.reference }),
    ...(header.date === undefined ? {} : { date: header.date }),
    ...(header.nameSpaceUrl === undefined ? {} : { namespace_url: header.nameSpaceUrl }),
    ste_types: document.steTypes,
    chwall_types: document.chwallTypes,
    chwall_primary: document.chwallPrimary,
    conflict_sets: document.conflictSets.map((set) => ({ name: set.name, types: set.types })),
    bootstrap: document.bootstrap,
    vm_labels: document.vmLabels.map((label) => ({
      name: label.name,
      ...(label.from === undefined ? {} : { from: label.from }),
      ste: label.ste,
      chwall: label.chwall,
    })),
    resource_labels: document.resourceLabels.map((label) => ({
      name: label.name,
      ...(label.from === undefined ? {} : { from: label.from }),
      ste: [label.type],
    })),
  };
}

/** Indented JSON with a final newline. */
export function writePolicyJson(document: PolicyDocument): string {
  return `${JSON.stringify(policyToJson(document), null, 2)}\n`;
}
