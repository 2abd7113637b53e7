import { DecodeError } from '../../../base/index.js';

/** Fields of IMA templates as the kernel names them (security/integrity/ima/ima_template.c of Linux 6). */
export const imaFieldNames = [
  'd',
  'n',
  'd-ng',
  'd-ngv2',
  'n-ng',
  'sig',
  'buf',
  'd-modsig',
  'modsig',
  'evmsig',
  'xattrnames',
  'xattrlengths',
  'xattrvalues',
  'iuid',
  'igid',
  'imode',
] as const;
export type ImaFieldName = (typeof imaFieldNames)[number];

/** Registered templates; any other template name is itself a list of fields. */
export const imaTemplates: Readonly<Record<string, readonly ImaFieldName[]>> = {
  ima: ['d', 'n'],
  'ima-ng': ['d-ng', 'n-ng'],
  'ima-ngv2': ['d-ngv2', 'n-ng'],
  'ima-sig': ['d-ng', 'n-ng', 'sig'],
  'ima-sigv2': ['d-ngv2', 'n-ng', 'sig'],
  'ima-buf': ['d-ng', 'n-ng', 'buf'],
  'ima-modsig': ['d-ng', 'n-ng', 'sig', 'd-modsig', 'modsig'],
  'evm-sig': ['d-ng', 'n-ng', 'evmsig', 'xattrnames', 'xattrlengths', 'xattrvalues', 'iuid', 'igid', 'imode'],
};

const known = new Map<string, readonly ImaFieldName[]>(Object.entries(imaTemplates));
const maxFields = 20;

/**
 * Fields of a template name or of a custom list such as `d-ng|n-ng|sig`.
 * @throws DecodeError `unknown_template`
 */
export function imaTemplateFields(template: string): readonly ImaFieldName[] {
  const registered = known.get(template);
  if (registered !== undefined) return registered;
  const fields = template.split('|');
  const valid = fields.every((field) => (imaFieldNames as readonly string[]).includes(field));
  if (!valid || fields.length > maxFields) {
    throw new DecodeError('unknown_template', `template ${JSON.stringify(template.slice(0, 64))}`, 0);
  }
  return fields as ImaFieldName[];
}
