import type { CimInstance } from '../model/index.js';
import { CimError, statusName } from '../operations/index.js';
import { readInstance } from './read-instance.js';
import type { CimXmlReader } from './reader.js';

/** ERROR: the status's name that leads the description is not part of it. */
export function readError(reader: CimXmlReader): CimError {
  const code = reader.attribute('CODE');
  if (!/^\s*[0-9]{1,9}\s*$/.test(code)) reader.invalid(`CODE="${code.slice(0, 40)}"`);
  const status = Number(code);
  const text = reader.scanner.tag.attribute('DESCRIPTION') ?? '';
  const instances: CimInstance[] = [];
  for (let child = reader.child(); child !== null; child = reader.child()) {
    if (child !== 'INSTANCE') reader.invalid(`unexpected ${child}`);
    instances.push(readInstance(reader, null));
  }
  const prefix = `${statusName(status)}: `;
  return new CimError(status, text.startsWith(prefix) ? text.slice(prefix.length) : text, { instances });
}
