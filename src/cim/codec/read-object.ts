import type { CimClass, CimInstance, CimObjectPath } from '../model/index.js';
import { readClass } from './read-class.js';
import { readInstance, readNamedInstance } from './read-instance.js';
import {
  readAnyPath,
  readClassPath,
  readInstancePath,
  readLocalClassPath,
  readLocalInstancePath,
} from './read-path.js';
import type { CimXmlReader } from './reader.js';

function readLocatedInstance(reader: CimXmlReader, local: boolean): CimInstance {
  const path = local ? readLocalInstancePath(reader) : readInstancePath(reader);
  reader.expect('INSTANCE');
  return readInstance(reader, path);
}

function readLocatedClass(reader: CimXmlReader, local: boolean): CimClass {
  const path = local ? readLocalClassPath(reader) : readClassPath(reader);
  reader.expect('CLASS');
  return { ...readClass(reader), path };
}

function readInner(reader: CimXmlReader): CimInstance | CimClass {
  const child = reader.child();
  switch (child) {
    case 'CLASS':
      return readClass(reader);
    case 'INSTANCE':
      return readInstance(reader, null);
    case 'INSTANCEPATH':
    case 'LOCALINSTANCEPATH':
      return readLocatedInstance(reader, child === 'LOCALINSTANCEPATH');
    case 'CLASSPATH':
    case 'LOCALCLASSPATH':
      return readLocatedClass(reader, child === 'LOCALCLASSPATH');
    default:
      return reader.invalid(`unexpected ${child ?? 'end of element'}`);
  }
}

/** Any of the elements that carry an instance or class, with its path if there is one; undefined if it is none. */
export function readObject(reader: CimXmlReader, element: string): CimInstance | CimClass | undefined {
  switch (element) {
    case 'CLASS':
      return readClass(reader);
    case 'INSTANCE':
      return readInstance(reader, null);
    case 'VALUE.NAMEDINSTANCE':
      return readNamedInstance(reader);
    case 'VALUE.INSTANCEWITHPATH':
    case 'VALUE.OBJECT':
    case 'VALUE.OBJECTWITHPATH':
    case 'VALUE.OBJECTWITHLOCALPATH': {
      const object = readInner(reader);
      reader.end();
      return object;
    }
    default:
      return undefined;
  }
}

/** Any of the elements that carry a path; undefined if the element is none. */
export function readPathItem(reader: CimXmlReader, element: string): CimObjectPath | undefined {
  if (element !== 'OBJECTPATH') return readAnyPath(reader, element);
  const child = reader.child() ?? reader.invalid('OBJECTPATH is empty');
  const path = readAnyPath(reader, child) ?? reader.invalid(`unexpected ${child}`);
  reader.end();
  return path;
}
