import { escapeAttribute } from '../../xml/index.js';
import { type CimError, statusName } from '../operations/index.js';
import { instanceElement } from './write-instance.js';

/** ERROR: code, description led by the status's name, and the CIM_Error instances if wanted. */
export function errorElement(error: CimError, withInstances: boolean): string {
  const description = escapeAttribute(`${statusName(error.status)}: ${error.description}`);
  const instances = withInstances ? error.instances.map((instance) => instanceElement(instance, false)) : [];
  return `<ERROR CODE="${error.status}" DESCRIPTION="${description}">${instances.join('')}</ERROR>`;
}
