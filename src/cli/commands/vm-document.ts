import { z } from 'zod';
import { describeIssues, messageOf } from '../../base/index.js';
import type { DiskWish, VmDefinition } from '../../client/management/index.js';
import { UsageError } from '../exit.js';
import { readText } from '../files.js';
import { tryParseSize } from '../sizes.js';
import { criticalityNames } from './vm-record.js';

const size = z.union([z.number().int().positive(), z.string()]).transform((value, context) => {
  const bytes = typeof value === 'number' ? value : tryParseSize(value);
  if (bytes !== null) return bytes;
  context.addIssue({ code: 'custom', message: `not a size: "${value}"` });
  return z.NEVER;
});

const disk = z.union([
  z.strictObject({ volume: z.string().min(1), label: z.string().min(1).optional() }),
  z.strictObject({ name: z.string().min(1).optional(), size, label: z.string().min(1).optional() }),
]);

const vlanNumber = z.number().int().min(1).max(4094);
const vlan = z.union([vlanNumber, z.strictObject({ vlan: vlanNumber, label: z.string().min(1) })]);

const definition = z.strictObject({
  name: z.string().min(1).optional(),
  uuid: z.guid().optional(),
  label: z.string().min(1).optional(),
  memoryMiB: z.number().int().positive().optional(),
  processors: z.number().int().positive().optional(),
  criticality: z.enum(criticalityNames).optional(),
  trusted: z.boolean().optional(),
  disks: z.array(disk).optional(),
  vlans: z.array(vlan).optional(),
  tpm: z.boolean().optional(),
});

/** A definition as a file says it. Disks without a name get one from that of the machine, which may come from elsewhere. */
export type DefinitionDocument = Omit<VmDefinition, 'name' | 'disks'> & {
  readonly name?: string;
  readonly disks?: (vm: string) => readonly DiskWish[];
};

/** @throws UsageError that names the place */
export function readDefinition(file: string): DefinitionDocument {
  let value: unknown;
  try {
    value = JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} is not JSON: ${messageOf(error)}`);
  }
  const parsed = definition.safeParse(value);
  if (!parsed.success) {
    throw new UsageError(`${file} is no definition of a virtual machine: ${describeIssues(parsed.error.issues)}`);
  }
  const { disks, ...rest } = parsed.data;
  const given = Object.fromEntries(Object.entries(rest).filter(([, item]) => item !== undefined)) as DefinitionDocument;
  if (disks === undefined) return given;
  const wishes = (vm: string): readonly DiskWish[] =>
    disks.map((item, at): DiskWish => {
      if ('volume' in item) {
        const { volume, label } = item;
        return { volume, ...(label === undefined ? {} : { label }) };
      }
      const { name = `${vm}-disk-${at + 1}`, size: sizeBytes, label } = item;
      return { name, sizeBytes, ...(label === undefined ? {} : { label }) };
    });
  return { ...given, disks: wishes };
}
