import { ByteWriter, DecodeError, fromHex, ParseError, toHex } from '../../../base/index.js';
import { encodeImaData, encodeImaEntry, type ImaInput } from './encode.js';
import type { ImaEntry } from './entry.js';
import { decodeImaFields, type ImaDigest } from './fields.js';
import { defaultImaLimits, type ImaLimits } from './read.js';
import { type ImaFieldName, imaTemplateFields } from './template.js';

const integerSizes: Readonly<Partial<Record<ImaFieldName, number>>> = { iuid: 4, igid: 4, imode: 2 };

function integer(value: string, size: number): Uint8Array {
  if (!/^\d{1,10}$/.test(value)) throw new DecodeError('bad_field', 'expected a number', 0);
  const out = new Uint8Array(size);
  let rest = Number(value);
  for (let at = 0; at < size; at++, rest = Math.floor(rest / 256)) out[at] = rest % 256;
  if (rest > 0) throw new DecodeError('bad_field', 'number too large', 0);
  return out;
}

function digest(value: string, versioned: boolean): ImaDigest {
  const parts = value.split(':');
  const hex = parts.pop();
  const algorithm = parts.pop();
  if (!hex || !algorithm || parts.length !== (versioned ? 1 : 0)) {
    throw new DecodeError('bad_field', 'expected algorithm:digest', 0);
  }
  const kind = parts[0];
  if (kind === undefined) return { algorithm, value: fromHex(hex) };
  if (kind !== 'ima' && kind !== 'verity') throw new DecodeError('bad_field', `digest of kind ${kind}`, 0);
  return { algorithm, value: fromHex(hex), kind };
}

/** The words of a line as the kernel's `ascii_runtime_measurements` prints the fields. */
function inputOf(fields: readonly ImaFieldName[], words: readonly string[]): ImaInput {
  const out: { -readonly [K in keyof ImaInput]?: ImaInput[K] } = {};
  const others: Partial<Record<ImaFieldName, Uint8Array>> = {};
  fields.forEach((name, position) => {
    const word = words[position] ?? '';
    const size = integerSizes[name];
    if (name === 'd') out.digest = { algorithm: 'sha1', value: fromHex(word) };
    else if (name === 'd-ng' || name === 'd-ngv2') out.digest = digest(word, name === 'd-ngv2');
    else if (name === 'n' || name === 'n-ng') out.path = word;
    else if (word === '') return;
    else if (name === 'sig') out.signature = fromHex(word);
    else if (name === 'buf') out.buffer = fromHex(word);
    else if (name === 'd-modsig') out.moduleDigest = digest(word, false);
    else if (name === 'modsig') out.moduleSignature = fromHex(word);
    else if (name === 'evmsig') out.evmSignature = fromHex(word);
    else if (size !== undefined) others[name] = integer(word, size);
    else others[name] = name === 'xattrnames' ? new Uint8Array(Buffer.from(`${word}\0`, 'utf8')) : fromHex(word);
  });
  if (out.digest === undefined || out.path === undefined) {
    throw new DecodeError('bad_field', 'the template names no digest or no file', 0);
  }
  return { ...out, digest: out.digest, path: out.path, others };
}

function encodeLine(line: string): Uint8Array {
  const words = line.replace(/^ +/, '').split(' ');
  const [pcr, templateHash, template, ...rest] = words;
  if (!/^\d{1,2}$/.test(pcr ?? '') || !/^[0-9a-f]{40}$/i.test(templateHash ?? '') || !template) {
    throw new DecodeError('bad_line', 'expected PCR, template hash and template', 0);
  }
  const fields = imaTemplateFields(template);
  if (rest.length > fields.length) throw new DecodeError('bad_line', `more than ${fields.length} fields`, 0);
  const data = encodeImaData(template, inputOf(fields, rest));
  return encodeImaEntry(Number(pcr), fromHex(templateHash as string), template, data);
}

/**
 * Brings `ascii_runtime_measurements` into the binary form, from which everything else is read. The binary form is the
 * better evidence: a line cannot hold a name with a line break.
 * @throws ParseError `bad_line`, `unknown_template`, `limit_exceeded`, with the line
 */
export function parseImaAscii(text: string, limits: ImaLimits = defaultImaLimits): Uint8Array {
  const out = new ByteWriter(Math.max(256, text.length >> 1));
  let count = 0;
  for (let at = 0; at < text.length; ) {
    const stop = text.indexOf('\n', at);
    const end = stop < 0 ? text.length : stop;
    if (end > at) {
      if (count++ >= limits.entries || end - at > limits.entryBytes * 2) {
        throw new ParseError('limit_exceeded', 'measurement list too large', { line: count, column: 1 });
      }
      try {
        out.bytes(encodeLine(text.slice(at, end)));
      } catch (error) {
        const unknown = error instanceof DecodeError && error.code === 'unknown_template';
        const code = unknown ? 'unknown_template' : 'bad_line';
        const what = error instanceof DecodeError ? error.message.replace(/ \(byte \d+\)$/, '') : 'unreadable';
        throw new ParseError(code, what, { line: count, column: 1 }, { cause: error, details: { index: count - 1 } });
      }
    }
    at = end + 1;
  }
  return out.finish();
}

const printDigest = (value: ImaDigest): string =>
  `${value.kind === undefined ? '' : `${value.kind}:`}${value.algorithm}:${toHex(value.value)}`;

function littleEndian(bytes: Uint8Array): string {
  return String(bytes.reduceRight((sum, octet) => sum * 256 + octet, 0));
}

/** An entry as the kernel's `ascii_runtime_measurements` prints it, without the line break. */
export function formatImaEntry(entry: ImaEntry): string {
  const fields = decodeImaFields(entry);
  const words = imaTemplateFields(entry.template).map((name): string => {
    if (name === 'd') return toHex(fields.digest.value);
    if (name === 'd-ng' || name === 'd-ngv2') return printDigest(fields.digest);
    if (name === 'n' || name === 'n-ng') return fields.path;
    if (name === 'd-modsig') return fields.moduleDigest === undefined ? '' : printDigest(fields.moduleDigest);
    if (name === 'sig') return toHex(fields.signature ?? new Uint8Array(0));
    if (name === 'buf') return toHex(fields.buffer ?? new Uint8Array(0));
    if (name === 'modsig') return toHex(fields.moduleSignature ?? new Uint8Array(0));
    if (name === 'evmsig') return toHex(fields.evmSignature ?? new Uint8Array(0));
    const other = fields.others[name];
    if (other === undefined) return '';
    if (name === 'xattrnames') return Buffer.from(other).toString('utf8').replace(/\0$/, '');
    return integerSizes[name] === undefined ? toHex(other) : littleEndian(other);
  });
  return [String(entry.pcr).padStart(2), toHex(entry.templateHash), entry.template, ...words].join(' ');
}
