import type { CimClass, CimInstance } from '../model/index.js';
import { XmlError } from '../../xml/index.js';
import { CimError } from '../operations/index.js';
import { CodecError } from './errors.js';
import { type CodecLimits, limitsOver, requestLimits } from './limits.js';
import { readClass } from './read-class.js';
import { readInstance } from './read-instance.js';
import { CimXmlReader, feed, type ReaderOptions, withCodecErrors } from './reader.js';

/** A reader with all that it needs for embedded objects. */
export function createReader(options: Pick<ReaderOptions, 'role' | 'limits' | 'onFault'>): CimXmlReader {
  const { role, limits, onFault } = options;
  return new CimXmlReader({ role, limits, onFault, embedding: 0, embedded: readEmbedded });
}

function readObject(reader: CimXmlReader): CimInstance | CimClass {
  const element = reader.child();
  const object =
    element === 'INSTANCE'
      ? readInstance(reader, null)
      : element === 'CLASS'
        ? readClass(reader)
        : reader.invalid(`${element ?? 'nothing'} is no embedded object`);
  if (reader.scanner.nextTag() !== 'end') reader.invalid('more after the embedded object');
  return object;
}

function isLimit(error: unknown): boolean {
  if (error instanceof CodecError) return Object.hasOwn(error.details, 'limit');
  return error instanceof XmlError && error.code === 'xml_limit';
}

// The DTD sees only text here: what cannot be read is a wrong value, unless it is simply too much.
function readEmbedded(text: string, outer: CimXmlReader): CimInstance | CimClass | null {
  const { options } = outer;
  const embedding = options.embedding + 1;
  if (embedding > options.limits.maxEmbedding) {
    const message = `objects embedded more than ${options.limits.maxEmbedding} deep`;
    throw new CodecError(`${options.role}-not-valid`, message, { details: { limit: 'embedding' } });
  }
  const reader = new CimXmlReader({ ...options, embedding });
  try {
    feed(reader, text);
    const object = readObject(reader);
    if (reader.fault !== null) outer.wrong(reader.fault.description);
    return object;
  } catch (error) {
    if (isLimit(error) || !(error instanceof XmlError || error instanceof CodecError)) throw error;
    outer.wrong(`embedded object: ${error.message}`);
    return null;
  }
}

/**
 * The text of an embedded object (DSP0201: an INSTANCE or CLASS element) that came where nobody said so.
 * @throws CimError 4 whatever is wrong with it
 */
export function decodeEmbedded(text: string, limits?: Partial<CodecLimits>): CimInstance | CimClass {
  const reader = createReader({ role: 'request', limits: limitsOver(requestLimits, limits), onFault: null });
  try {
    const object = withCodecErrors('request', () => {
      feed(reader, text);
      return readObject(reader);
    });
    if (reader.fault !== null) throw reader.fault;
    return object;
  } catch (error) {
    if (error instanceof CodecError) throw new CimError(4, `embedded object: ${error.message}`, { cause: error });
    throw error;
  }
}
