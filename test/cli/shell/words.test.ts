import { holdsSecret } from '../../../src/cli/shell/history.js';
import { splitLine } from '../../../src/cli/shell/words.js';

test.each([
  ['ei  CIM_Fan -p Name', ['ei', 'CIM_Fan', '-p', 'Name']],
  ['gi CIM_Fan.Name="a b",Other="c \\" d"', ['gi', 'CIM_Fan.Name="a b",Other="c \\" d"']],
  ['gi root/cimv2:CIM_Fan.Name="a"', ['gi', 'root/cimv2:CIM_Fan.Name="a"']],
  [`gi 'CIM_Fan.Name="a b"'`, ['gi', 'CIM_Fan.Name="a b"']],
  ['mi X.K="1" Caption="a \\"b\\" c" Empty=""', ['mi', 'X.K="1"', 'Caption=a "b" c', 'Empty=']],
  [`query "select * from X where Name = 'a'"`, ['query', `select * from X where Name = 'a'`]],
  [`a '' b`, ['a', '', 'b']],
  ['   ', []],
])('%s', (line, words) => {
  const split = splitLine(line);
  expect(split.words.map(({ text }) => text)).toEqual(words);
  expect(split.isOpen).toBe(false);
});

test('a quote that is not closed is told, and the word is open as it was typed', () => {
  expect(splitLine('gi CIM_Fan.Name="a b')).toMatchObject({ isOpen: true, open: { text: 'CIM_Fan.Name="a b', at: 3 } });
  expect(splitLine('gi ').open).toEqual({ text: '', at: 3 });
});

test.each([
  ['cm X.K="a" SetSecret NewSecret=abc', true],
  ['ci X Password="a b"', true],
  ['ei http://u:pw@host/root/cimv2:X', true],
  ['ei http://host/root/cimv2:X', false],
  ['mi X.K="a" Size=5', false],
])('%s holds a secret: %s', (line, expected) => {
  expect(holdsSecret(line)).toBe(expected);
});
