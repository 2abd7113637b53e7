import type { CimClass, CimInstance } from '../model/index.js';
import { CimError } from '../operations/index.js';
import { CodecError } from './errors.js';
import { type CodecLimits, requestLimits } from './limits.js';
import { readClass } from './read-class.js';
import { readInstance } from './read-instance.js';
import { CimXmlReader, feed, type ReaderOptions, withCodecErrors } from './reader.js';

/** A reader with all that it needs for embedded objects. */
export function createReader(options: Pick<ReaderOptions, 'role' | 'limits' | 'onFault'>): CimXmlReader {
  return new CimXmlReader({ ...options, embedding: 0, embedded: readEmbedded });
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

// In a request an embedded object that cannot be read is a wrong value; in an answer it spoils the answer.
function readEmbedded(text: string, outer: CimXmlReader): CimInstance | CimClass {
  const { options } = outer;
  const embedding = options.embedding + 1;
  if (embedding > options.limits.maxEmbedding) {
    return outer.invalid(`objects embedded more than ${options.limits.maxEmbedding} deep`);
  }
  const reader = new CimXmlReader({ ...options, embedding });
  const object = withCodecErrors(options.role, () => {
    feed(reader, text);
    return readObject(reader);
  });
  if (reader.fault !== null) outer.wrong(reader.fault.description);
  return object;
}

/**
 * The text of an embedded object (DSP0201: an INSTANCE or CLASS element) that came where nobody said so.
 * @throws CimError 4 whatever is wrong with it
 */
export function decodeEmbedded(text: string, limits: Partial<CodecLimits> = {}): CimInstance | CimClass {
  const reader = createReader({ role: 'request', limits: { ...requestLimits, ...limits }, onFault: null });
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
