/**
 * The one registry of message identifiers (OwningEntity "TVDC"): errors, alerts and records speak with the same voice.
 * `{0}` stands for the first argument. Severity: PerceivedSeverity of CIM_AlertIndication (2 information, 3 degraded/warning,
 * 5 major, 6 critical).
 */
interface Message {
  readonly text: string;
  readonly severity: 2 | 3 | 5 | 6;
  /** What an operator should do. */
  readonly action: string;
}

export const messages = {
  TVDC0101: {
    text: 'no element {0} on this host',
    severity: 3,
    action: 'List the elements and check the identifier.',
  },
  TVDC0102: {
    text: 'virtual machine {0} is {1}; {2} needs it to be {3}',
    severity: 3,
    action: 'Bring the virtual machine into the state named, then try again.',
  },
  TVDC0103: {
    text: 'the name {0} is in use on this host',
    severity: 3,
    action: 'Choose another name.',
  },
  TVDC0104: {
    text: '{0} is in use by {1}',
    severity: 3,
    action: 'Detach it or stop what uses it, then try again.',
  },
  TVDC0105: {
    text: 'the hypervisor failed: {0}',
    severity: 5,
    action: "Look into the hypervisor's log; nothing was changed.",
  },
  TVDC0106: {
    text: 'virtual machine {0} is on its way {1} {2}; it cannot be touched before that is over',
    severity: 3,
    action: 'Wait until the migration is over; if the other host is gone for good, see "tvdc vm migrate --help".',
  },
  TVDC0201: {
    text: '{0} is not permitted to start: {1}',
    severity: 5,
    action: 'Compare the label of the virtual machine with the labels of its resources, of the host and of what runs.',
  },
  TVDC0202: {
    text: 'access of {0} to {1} is denied: {2}',
    severity: 5,
    action: 'Use a resource of the same workload, or have the label corrected by an administrator.',
  },
  TVDC0203: {
    text: 'the policy refuses this: {0}',
    severity: 5,
    action: 'Ask for an explanation with EvaluateAccess or "tvdc explain".',
  },
  TVDC0204: {
    text: 'policy {0} cannot be enabled: {1}',
    severity: 5,
    action: 'Stop the systems named, or change the policy, then enable it again.',
  },
  TVDC0205: {
    text: '{0} may not {1}',
    severity: 5,
    action: 'Have the change made by an account with the right role, if it is wanted at all.',
  },
  TVDC0206: {
    text: 'the policy document is not valid: {0}',
    severity: 3,
    action: 'Correct the document at the place named and import it again.',
  },
  TVDC0207: {
    text: 'the label of {0} is not the one that was given as the old one',
    severity: 3,
    action: 'Read the label again and repeat the change.',
  },
  TVDC0208: {
    text: '{0} was used by another workload and has not been erased since',
    severity: 5,
    action: 'Erase the volume, then label it.',
  },
  TVDC0209: {
    text: '{0} is not permitted to come to this host: {1}',
    severity: 5,
    action: 'Compare policy, labels and what runs on both hosts.',
  },
  TVDC0301: {
    text: 'virtual TPM of {0}: {1}',
    severity: 5,
    action: 'Look into the log of the host; the virtual machine has to be attested again.',
  },
  TVDC0401: {
    text: '{0} is not trusted: {1}',
    severity: 6,
    action: 'Look at the entry named; acknowledge the verdict after the cause is removed.',
  },
  TVDC0402: {
    text: '{0} is trusted again',
    severity: 2,
    action: 'None.',
  },
  TVDC0501: {
    text: '{0}: the management software ended in the middle; {1}',
    severity: 3,
    action: 'Look at the element that it was about, then ask again for what is missing.',
  },
  TVDC0502: {
    text: 'the job was ended on request before its work was done',
    severity: 2,
    action: 'Ask again if the work is wanted after all.',
  },
  TVDC0503: {
    text: '{0} goes on; the job can be removed when it has ended',
    severity: 3,
    action: 'Wait for the end of the job.',
  },
  TVDC0504: {
    text: '{0} of {1} parts failed',
    severity: 5,
    action: "Look at the results and errors of the job's parts.",
  },
  TVDC0505: {
    text: 'the job failed: {0}',
    severity: 5,
    action: 'Look into the log of the host, then ask again.',
  },
} as const satisfies Readonly<Record<string, Message>>;

export type MessageId = keyof typeof messages;

/** The sentence of a message with its arguments filled in. */
export function formatMessage(id: MessageId, ...args: readonly string[]): string {
  return messages[id].text.replace(/\{(\d)\}/g, (_, at: string) => args[Number(at)] ?? '');
}
