/**
 * `strict` closes the holes of the original implementation; `xen` decides as the original did.
 * A host has one mode for its whole life.
 */
export const policyModes = ['strict', 'xen'] as const;
export type PolicyMode = (typeof policyModes)[number];
