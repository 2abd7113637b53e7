import { ByteWriter, fromHex } from '../../base/index.js';
import {
  chwallHeaderSize,
  componentCodes,
  componentVersion,
  headerSizes,
  policyMagic,
  roundUp8,
  steHeaderSize,
} from './binary-layout.js';
import { compareCodePoints, sortedNames } from './code-points.js';
import type { PolicyDocument } from './document.js';
import { policyDigests } from './identity.js';
import { labelOrder } from './label-order.js';
import type { PolicyMode } from './mode.js';

type Columns = ReadonlyMap<string, number>;

const columnsOf = (types: readonly string[]): Columns => new Map(sortedNames(types).map((type, at) => [type, at]));

function writeRow(out: ByteWriter, columns: Columns, types: readonly string[]): void {
  const cells = new Uint8Array(columns.size * 2);
  for (const type of types) {
    const column = columns.get(type);
    if (column !== undefined) cells[column * 2 + 1] = 1;
  }
  out.bytes(cells);
}

function pad(out: ByteWriter, start: number): void {
  out.zeros(roundUp8(out.length - start) - (out.length - start));
}

function writeReference(out: ByteWriter, name: string): void {
  const start = out.length;
  const bytes = new TextEncoder().encode(name);
  out
    .u32(bytes.length + 1)
    .bytes(bytes)
    .zeros(1);
  pad(out, start);
}

function writeChineseWall(out: ByteWriter, document: PolicyDocument): void {
  const start = out.length;
  const columns = columnsOf(document.chwallTypes);
  const { unlabeled, vms } = labelOrder(document);
  const sets = document.conflictSets.toSorted((a, b) => compareCodePoints(a.name, b.name));
  const rows = 1 + vms.length;
  out.u32(componentVersion).u32(componentCodes.chineseWall);
  out.u32(columns.size).u32(rows).u32(sets.length);
  out.u32(chwallHeaderSize).u32(chwallHeaderSize + 2 * columns.size * rows);
  out.u32(0).u32(0);
  writeRow(out, columns, unlabeled?.chwall ?? []);
  for (const label of vms) writeRow(out, columns, label.chwall);
  for (const set of sets) writeRow(out, columns, set.types);
  pad(out, start);
}

function writeTypeEnforcement(out: ByteWriter, document: PolicyDocument): void {
  const start = out.length;
  const columns = columnsOf(document.steTypes);
  const { unlabeled, vms, resources } = labelOrder(document);
  out.u32(componentVersion).u32(componentCodes.simpleTypeEnforcement);
  out.u32(columns.size).u32(1 + vms.length + resources.length);
  out.u32(steHeaderSize);
  writeRow(out, columns, unlabeled?.ste ?? []);
  for (const label of vms) writeRow(out, columns, label.ste);
  for (const label of resources) writeRow(out, columns, [label.type]);
  pad(out, start);
}

/**
 * The binary form, version 4, byte for byte as the original compiler makes it. A policy without Chinese Wall types is written in
 * mode strict with simple type enforcement as its only component, in mode xen as the original wrote it (no hypervisor took that).
 */
export function encodePolicyBinary(document: PolicyDocument, options: { readonly mode?: PolicyMode } = {}): Uint8Array {
  const both = document.chwallTypes.length > 0;
  const alone = !both && options.mode !== 'xen';
  const out = new ByteWriter(4096);
  out.u32(policyMagic).u32(4).u32(0).u32(headerSizes[4]);
  out.u32(both ? componentCodes.chineseWall : componentCodes.simpleTypeEnforcement).u32(0);
  const second = both ? componentCodes.simpleTypeEnforcement : componentCodes.undefined;
  out.u32(alone ? componentCodes.none : second).u32(0);
  out.u32(document.version.major).u32(document.version.minor);
  out.bytes(fromHex(policyDigests(document).sha1));
  writeReference(out, document.name);
  out.patchU32(20, out.length);
  if (!alone) {
    writeChineseWall(out, document);
    out.patchU32(28, out.length);
  }
  writeTypeEnforcement(out, document);
  if (alone) out.patchU32(28, out.length);
  return out.patchU32(8, out.length).finish();
}
