import { messages } from '../../base/index.js';
import { type CimInstance, createInstance, formatObjectPath } from '../../cim/index.js';
import type { ProviderContext } from '../../cimom/index.js';
import type { Job, JobElement, JobError } from '../../vmm/index.js';
import { type HostView, Paths } from '../kit/index.js';

const softwareError = 4;
const securityError = 7;
const objectPath = 2;
const failed = 1;
const otherCause = 1;
const unauthorizedAccess = 65;
const unnamed = 'TVDC0505';

/** Why a job failed as CIM_Error: what its parts failed of, or its own failure. None while it goes on or if it went well. */
export function errorsOf(view: HostView, context: ProviderContext, job: Job): CimInstance[] {
  const paths = new Paths(view.parts.identity, view.namespace);
  const cover = (text: string): string => view.veil.cover(context.caller, text);

  const instance = (error: JobError, element: JobElement | undefined): CimInstance => {
    const { reason, sentence } = error;
    const messageId = error.messageId ?? unnamed;
    const message = messages[messageId];
    return createInstance(context.classes.get('CIM_Error'), {
      ErrorType: reason === null ? softwareError : securityError,
      OwningEntity: 'TVDC',
      MessageID: messageId,
      Message: cover(sentence),
      MessageArguments: (error.messageId === null ? [sentence] : error.arguments).map(cover),
      PerceivedSeverity: message.severity,
      ProbableCause: reason === null ? otherCause : unauthorizedAccess,
      ProbableCauseDescription: reason ?? error.code,
      RecommendedActions: [message.action],
      ...(element === undefined
        ? {}
        : { ErrorSource: formatObjectPath(paths.jobElement(element)), ErrorSourceFormat: objectPath }),
      CIMStatusCode: failed,
    });
  };

  const parts = job.results.flatMap(({ error, element }) => (error === null ? [] : [instance(error, element)]));
  if (job.error === null) return [];
  return job.error.code === 'parts_failed' ? parts : [instance(job.error, job.affected[0]), ...parts];
}
