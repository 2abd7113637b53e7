// DSP0200: the headers repeat what the body says; a difference is an attack on firewalls and proxies, so it is refused.
import { ParseError } from '../../base/index.js';
import {
  type CimInstancePath,
  type CimObjectPath,
  keyOf,
  type KeyBinding,
  parseNamespace,
  sameName,
} from '../../cim/model/index.js';
import { parseObjectPath } from '../../cim/uri/index.js';
import type { CallTarget, CimMessage, DecodedCall, DecodedExport } from '../../cim/codec/index.js';
import { headerMismatch, HttpRefusal } from './refusal.js';
import type { RequestRole } from './header-rules.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const ascii = /^[\x20-\x7e]*$/;

function percentDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/**
 * Text of a header that may be percent-encoded or raw UTF-8; HTTP gives it as latin1. Null where it cannot be decoded.
 */
export function decodeHeaderText(value: string): string | null {
  if (ascii.test(value)) return value.includes('%') ? percentDecoded(value) : value;
  const raw = Buffer.from(value, 'latin1');
  const out = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let at = 0; at < raw.length; at++) {
    let byte = raw[at] as number;
    if (byte === 0x25) {
      const high = hexDigit(raw[at + 1]);
      const low = hexDigit(raw[at + 2]);
      if (high < 0 || low < 0) return null;
      byte = high * 16 + low;
      at += 2;
    }
    out[length++] = byte;
  }
  try {
    return utf8.decode(out.subarray(0, length));
  } catch {
    return null;
  }
}

function sameKey(header: KeyBinding, body: KeyBinding['value']): boolean {
  const shown = header.value;
  if (typeof body === 'object') {
    if (typeof shown === 'object') return sameInstance(shown, body);
    return typeof shown === 'string' && sameObject(parseObjectPath(shown), body);
  }
  if (typeof shown === 'object') return typeof body === 'string' && sameInstanceText(shown, body);
  return shown === body;
}

function sameInstanceText(path: CimInstancePath, text: string): boolean {
  try {
    const other = parseObjectPath(text);
    return other.kind === 'instance-path' && sameInstance(path, other);
  } catch (error) {
    if (error instanceof ParseError) return false;
    throw error;
  }
}

function sameInstance(header: CimInstancePath, body: CimInstancePath): boolean {
  if (!sameName(header.className, body.className) || header.keys.length !== body.keys.length) return false;
  if (header.namespace !== null && body.namespace !== null && !sameName(header.namespace, body.namespace)) return false;
  return header.keys.every((key) => {
    const value = keyOf(body, key.name);
    return value !== undefined && sameKey(key, value);
  });
}

function sameObject(header: CimObjectPath, body: CimObjectPath): boolean {
  if (header.kind === 'instance-path' && body.kind === 'instance-path') return sameInstance(header, body);
  // A key-less INSTANCENAME and a class are spelt alike.
  const keyless = (path: CimObjectPath): boolean => path.kind === 'class-path' || path.keys.length === 0;
  return keyless(header) && keyless(body) && sameName(header.className, body.className);
}

function sameTarget(text: string, target: CallTarget): boolean {
  try {
    if (target.kind === 'namespace') {
      return text === target.namespace || sameName(parseNamespace(text), target.namespace);
    }
    const shown = parseObjectPath(text);
    if (shown.namespace !== null && target.namespace !== null && !sameName(shown.namespace, target.namespace))
      return false;
    return shown.namespace !== null && sameObject(shown, target);
  } catch {
    return false;
  }
}

function checkName(header: string | null, body: string, what: string): void {
  if (header === null) throw headerMismatch(`expected ${what}`);
  // The usual spelling needs no decoding.
  if (header === body) return;
  const text = decodeHeaderText(header.trim());
  if (text === null || !sameName(text, body)) throw headerMismatch(`${what} is not ${body}, as the body says`);
}

function checkCall(role: RequestRole & { readonly kind: 'call' }, call: DecodedCall): void {
  checkName(role.method, call.name, 'CIMMethod');
  if (role.object === null) throw headerMismatch('expected CIMObject');
  const text = decodeHeaderText(role.object.trim());
  if (text === null || !sameTarget(text, call.target)) {
    throw headerMismatch('CIMObject is not the object that the body names');
  }
}

function checkExport(role: RequestRole & { readonly kind: 'export' }, call: DecodedExport): void {
  if (role.declared || role.method !== null) checkName(role.method, call.name, 'CIMExportMethod');
}

function wrongRole(what: string): HttpRefusal {
  return headerMismatch(`the headers say otherwise: the body is ${what}`);
}

/**
 * Compares headers and body.
 * @param protocolVersion of the header, null where it is missing: then 1.0 for operations, whatever the body says for exports
 * @throws HttpRefusal 400, 501
 */
export function checkAgreement(role: RequestRole, protocolVersion: string | null, message: CimMessage): void {
  const body = message.body;
  if (body.kind === 'unsupported') throw new HttpRefusal(501, { cimError: body.refusal });
  const said = protocolVersion ?? (role.kind === 'call' ? '1.0' : message.protocolVersion);
  if (said !== message.protocolVersion) {
    throw headerMismatch(`CIMProtocolVersion is not ${message.protocolVersion}, as the body says`);
  }
  switch (body.kind) {
    case 'simple':
      if (role.kind !== 'call') throw wrongRole('an operation');
      if (role.batch) throw wrongRole('a single operation');
      checkCall(role, body.call);
      return;
    case 'batch':
      if (role.kind !== 'call') throw wrongRole('a batch of operations');
      if (!role.batch) throw headerMismatch('expected CIMBatch');
      if (role.method !== null || role.object !== null) throw headerMismatch('CIMMethod and CIMObject in a batch');
      return;
    case 'export':
      if (role.kind !== 'export') throw wrongRole('an export');
      if (role.batch) throw wrongRole('a single export');
      checkExport(role, body.call);
      return;
    case 'export-batch':
      if (role.kind !== 'export') throw wrongRole('a batch of exports');
      if (role.declared && !role.batch) throw headerMismatch('expected CIMExportBatch');
      if (role.method !== null) throw headerMismatch('CIMExportMethod in a batch');
      return;
  }
}
