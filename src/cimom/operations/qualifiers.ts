import {
  CimError,
  type DeleteQualifier,
  type EnumerateQualifiers,
  type GetQualifier,
  type QualifierResult,
  type QualifiersResult,
  type SetQualifier,
  type VoidResult,
} from '../../cim/operations/index.js';
import type { Call } from '../calls/index.js';

export async function getQualifier(call: Call, request: GetQualifier): Promise<QualifierResult> {
  await call.authorize({ access: 'read' });
  const qualifier = call.home.space.qualifierType(request.qualifierName);
  if (qualifier === undefined) {
    throw new CimError(6, `${call.home.name} has no qualifier type ${request.qualifierName}`);
  }
  return { kind: 'qualifier', qualifier };
}

export async function enumerateQualifiers(call: Call, _request: EnumerateQualifiers): Promise<QualifiersResult> {
  await call.authorize({ access: 'read' });
  return { kind: 'qualifiers', qualifiers: call.home.space.qualifierTypes() };
}

export async function setQualifier(call: Call, request: SetQualifier): Promise<VoidResult> {
  await call.authorize({ access: 'schema' });
  await call.home.space.setQualifierType(request.qualifier, call.engine.work(call.caller));
  return { kind: 'void' };
}

export async function deleteQualifier(call: Call, request: DeleteQualifier): Promise<VoidResult> {
  await call.authorize({ access: 'schema' });
  await call.home.space.deleteQualifierType(request.qualifierName, call.engine.work(call.caller));
  return { kind: 'void' };
}
