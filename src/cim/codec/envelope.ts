import { escapeAttribute } from '../../xml/index.js';

// Requests say 1.0, as all clients do and as servers compare with the header; answers say what they are written by.
const declaration = '<?xml version="1.0" encoding="utf-8"?>\n';

/** Everything before and after the one child of MESSAGE. */
export interface Envelope {
  readonly head: string;
  readonly tail: string;
}

function envelope(id: string, dtdVersion: string, protocolVersion: string): Envelope {
  const message = `<MESSAGE ID="${escapeAttribute(id)}" PROTOCOLVERSION="${protocolVersion}">`;
  return {
    head: `${declaration}<CIM CIMVERSION="2.0" DTDVERSION="${dtdVersion}">${message}`,
    tail: '</MESSAGE></CIM>\n',
  };
}

export function requestEnvelope(id: string): Envelope {
  return envelope(id, '2.0', '1.0');
}

export function answerEnvelope(id: string): Envelope {
  return envelope(id, '2.4', '1.4');
}
