// A process that writes one long answer, so that nothing but the client is measured: run by `startBareServer`.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const count = Number(process.argv[2]);
const together = 100;
const text = 'a description of the length that descriptions usually have '.repeat(3);

const instance = (at: number): string =>
  `<VALUE.NAMEDINSTANCE><INSTANCENAME CLASSNAME="BENCH_Row"><KEYBINDING NAME="Id"><KEYVALUE VALUETYPE="string" TYPE="string">row ${at}</KEYVALUE></KEYBINDING></INSTANCENAME><INSTANCE CLASSNAME="BENCH_Row"><PROPERTY NAME="Id" TYPE="string"><VALUE>row ${at}</VALUE></PROPERTY><PROPERTY NAME="Description" TYPE="string"><VALUE>${text}${at}</VALUE></PROPERTY><PROPERTY NAME="Size" TYPE="uint64"><VALUE>${at}</VALUE></PROPERTY></INSTANCE></VALUE.NAMEDINSTANCE>`;

const server = createServer((request, response) => {
  request.resume().once('end', () => void answer());
  const answer = async (): Promise<void> => {
    response.writeHead(200, { 'Content-Type': 'application/xml; charset="utf-8"' });
    response.write(
      '<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1" PROTOCOLVERSION="1.0"><SIMPLERSP><IMETHODRESPONSE NAME="EnumerateInstances"><IRETURNVALUE>',
    );
    for (let at = 0; at < count; at += together) {
      const piece = Array.from({ length: together }, (_, next) => instance(at + next)).join('');
      if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
    }
    response.end('</IRETURNVALUE></IMETHODRESPONSE></SIMPLERSP></MESSAGE></CIM>');
  };
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
