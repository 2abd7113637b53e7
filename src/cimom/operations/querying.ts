import {
  CimError,
  type ExecQuery,
  type ObjectsResult,
  type OpenQueryInstances,
  type PulledInstancesResult,
} from '../../cim/operations/index.js';
import type { Call } from '../calls/index.js';

export async function execQuery(call: Call, request: ExecQuery): Promise<ObjectsResult> {
  await call.authorize({ access: 'read' });
  throw new CimError(14, `query language ${request.queryLanguage} is not supported here`);
}

export async function openQueryInstances(call: Call, request: OpenQueryInstances): Promise<PulledInstancesResult> {
  await call.authorize({ access: 'read' });
  throw new CimError(14, `query language ${request.filterQueryLanguage} is not supported here`);
}
