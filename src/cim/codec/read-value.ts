import { type CimArray, type CimScalar, type CimType, parseScalar } from '../model/index.js';
import type { CimXmlReader } from './reader.js';
import { readReference } from './read-path.js';

/** What the text of a VALUE means: a plain type, or an embedded object. */
export interface ValueMeaning {
  readonly type: CimType;
  readonly embedded: boolean;
}

/** Text of a VALUE to its value; NULL after a wrong one. */
export function meaningOf(reader: CimXmlReader, text: string, meaning: ValueMeaning): CimScalar | null {
  if (meaning.embedded) {
    if (text.trim() !== '') return reader.options.embedded(text, reader);
    if (reader.options.role === 'request') reader.wrong('empty embedded object');
    else reader.tolerate('empty-embedded-object', 'VALUE');
    return null;
  }
  if (meaning.type === 'string') return text;
  try {
    return parseScalar(meaning.type, text);
  } catch {
    reader.wrong(`not a value of type ${meaning.type}: "${text.slice(0, 80)}"`);
    return null;
  }
}

/** VALUE. */
export function readScalar(reader: CimXmlReader, meaning: ValueMeaning): CimScalar | null {
  return meaningOf(reader, reader.text(), meaning);
}

/** VALUE.ARRAY. */
export function readArray(reader: CimXmlReader, meaning: ValueMeaning): CimArray {
  const items: (CimScalar | null)[] = [];
  for (let child = reader.child(); child !== null; child = reader.child()) {
    if (child === 'VALUE') {
      items.push(readScalar(reader, meaning));
    } else if (child === 'VALUE.NULL') {
      reader.end();
      items.push(null);
    } else {
      reader.invalid(`unexpected ${child}`);
    }
  }
  return Object.freeze(items);
}

/** VALUE.REFARRAY. */
export function readReferenceArray(reader: CimXmlReader): CimArray {
  const items: (CimScalar | null)[] = [];
  for (let child = reader.child(); child !== null; child = reader.child()) {
    if (child === 'VALUE.REFERENCE') {
      items.push(readReference(reader));
    } else if (child === 'VALUE.NULL') {
      reader.end();
      items.push(null);
    } else {
      reader.invalid(`unexpected ${child}`);
    }
  }
  return Object.freeze(items);
}
