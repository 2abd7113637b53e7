import { CimDateTime, CimError, type CimInstance, type CimInstancePath, stringKey } from '../../cim/index.js';
import type { MethodFunction, Provider } from '../../cimom/index.js';
import type { Job, JobElement } from '../../vmm/index.js';
import {
  asCimStatus,
  associationProvider,
  type HostView,
  type Link,
  listProvider,
  Paths,
  returnCodes,
} from '../kit/index.js';
import { errorsOf } from './errors.js';
import { jobValues } from './values.js';

const className = 'TVDC_ConcreteJob';
const timeoutNotSupported = 4098;
/** Return values of KillJob, which has a map of its own. */
const killed = { done: 0, notSupported: 1, failed: 4 } as const;
/** RequestedState values of CIM_ConcreteJob that end a job. */
const endings: Readonly<Record<number, 'terminated' | 'killed'>> = { 4: 'terminated', 5: 'killed' };

function idOf(path: CimInstancePath | null): string {
  return (path === null ? '' : (stringKey(path, 'InstanceID') ?? '')).replace(/^TVDC:job:/, '');
}

/** @throws CimError 4 */
function keptFor(instance: CimInstance): number {
  const value = instance.get('TimeBeforeRemoval');
  const milliseconds = value instanceof CimDateTime && value.isInterval ? value.toMilliseconds() : null;
  if (milliseconds === null) throw new CimError(4, 'TimeBeforeRemoval is an interval without asterisks');
  return milliseconds;
}

/** Jobs of the host, what they belong to and what they act on. */
export function jobProviders(view: HostView): readonly Provider[] {
  const { parts, jobs, namespace } = view;
  const paths = new Paths(parts.identity, namespace);

  const found = (path: CimInstancePath | null): Job => {
    const job = jobs.find(idOf(path));
    if (job === undefined) throw new CimError(6, `no job ${idOf(path)} on this host`);
    return job;
  };

  /** CIM_ConcreteJob.RequestStateChange: what cannot be ended answers that it is not supported. */
  const requestStateChange: MethodFunction = async (context, self, parameters) => {
    const { id } = found(self);
    if (parameters['TimeoutPeriod'] instanceof CimDateTime) return { returnValue: timeoutNotSupported };
    const ending = endings[Number(parameters['RequestedState'])];
    if (ending === undefined) return { returnValue: returnCodes.notSupported };
    switch (await asCimStatus(() => jobs.stop(context.caller.user, id, ending))) {
      case 'stopping':
        return { returnValue: returnCodes.jobStarted };
      case 'fixed':
        return { returnValue: returnCodes.notSupported };
      case 'ended':
        return { returnValue: returnCodes.invalidStateTransition };
    }
  };

  const killJob: MethodFunction = async (context, self, parameters) => {
    const { id } = found(self);
    const { user } = context.caller;
    const outcome = await asCimStatus(async () => {
      const told = await jobs.stop(user, id, 'killed');
      if (told === 'stopping' && parameters['DeleteOnKill'] === true) {
        await jobs.keep(user, id, { keptFor: 0, removedWhenDone: true });
      }
      return told;
    });
    const answers = { stopping: killed.done, fixed: killed.notSupported, ended: killed.failed };
    return { returnValue: answers[outcome] };
  };

  const list = listProvider<Job>({
    className,
    namespace,
    rows: () => jobs.list(),
    find: (path) => jobs.find(idOf(path)),
    values: (job, context) => jobValues(job, parts.clock.now(), (text) => view.veil.cover(context.caller, text)),
    modify: (context, instance, propertyList) => {
      const wanted = (name: string): boolean =>
        instance.has(name) &&
        (propertyList === null || propertyList.some((item) => item.toLowerCase() === name.toLowerCase()));
      const change = {
        ...(wanted('TimeBeforeRemoval') ? { keptFor: keptFor(instance) } : {}),
        ...(wanted('DeleteOnCompletion') ? { removedWhenDone: instance.get('DeleteOnCompletion') === true } : {}),
      };
      return asCimStatus(() => jobs.keep(context.caller.user, found(instance.path).id, change));
    },
    delete: (_context, path) => asCimStatus(() => jobs.remove(found(path).id)),
    methods: {
      RequestStateChange: requestStateChange,
      KillJob: killJob,
      GetError: async (context, self) => {
        const [first] = errorsOf(view, context, found(self));
        return { returnValue: returnCodes.completed, out: { Error: first ?? null } };
      },
      GetErrors: async (context, self) => {
        const errors = errorsOf(view, context, found(self));
        return { returnValue: returnCodes.completed, out: errors.length === 0 ? {} : { Errors: errors } };
      },
    },
  });

  const isThere = (element: JobElement): boolean => {
    switch (element.kind) {
      case 'vm':
        return parts.inventory.vm(element.id) !== undefined;
      case 'volume':
        return parts.inventory.volume(element.id) !== undefined;
      case 'domain':
        return view.domains.domain(element.id) !== undefined;
      case 'vlan':
        return parts.inventory.vlan(element.id) !== undefined;
      case 'service':
        return true;
    }
  };

  function* linksOf(job: Job): Iterable<Link> {
    for (const element of job.affected.filter(isThere)) {
      yield { AffectedElement: paths.jobElement(element), AffectingElement: paths.job(job.id) };
    }
  }

  const affected = associationProvider({
    className: 'TVDC_AffectedJobElement',
    namespace,
    *links() {
      for (const job of jobs.list()) yield* linksOf(job);
    },
  });

  const owning = associationProvider({
    className: 'TVDC_OwningJobElement',
    namespace,
    *links() {
      for (const job of jobs.list()) {
        if (!isThere(job.owner)) continue;
        yield { OwningElement: paths.jobElement(job.owner), OwnedElement: paths.job(job.id) };
      }
    },
  });

  return [list, affected, owning];
}
