import fc from 'fast-check';
import { CimDateTime } from '../../../src/cim/model/index.js';

function isDateTime(text: string): boolean {
  try {
    return CimDateTime.parse(text).text === text;
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad_datetime' });
    return false;
  }
}

/** DSP0004 5.2.4 said once more, slowly. */
function reference(text: string): boolean {
  const parts = /^(\d{14}|[\d*]{14})\.([\d*]{6})(?:[+-]\d{3}|:000)$/.exec(text);
  if (parts === null || !/^\d*\**$/.test(`${parts[1]}${parts[2]}`)) return false;
  const fits = (from: number, min: number, max: number): boolean => {
    const field = text.slice(from, from + 2);
    return field === '**' || (/^\d\d$/.test(field) && Number(field) >= min && Number(field) <= max);
  };
  const clock = fits(8, 0, 23) && fits(10, 0, 59) && fits(12, 0, 59);
  return clock && (text[21] === ':' || (fits(4, 1, 12) && fits(6, 1, 31)));
}

const likely = fc.constantFrom(
  '20240229120000.000000-060',
  '2024022912****.******+000',
  '99999999235959.999999:000',
  '00000001******.******:000',
);

describe('a datetime', () => {
  test.each([
    '20240229120000.000000-060',
    '20240229120000.12****+720',
    '20240229******.******+000',
    '**************.******-000',
    '12345678235959.999999:000',
  ])('%s is one', (text) => {
    expect(isDateTime(text)).toBe(true);
  });

  test.each([
    ['', 'nothing'],
    ['20240229120000.000000-60', 'short'],
    ['20240229120000,000000-060', 'no dot'],
    ['20241329120000.000000+000', 'a thirteenth month'],
    ['20240200120000.000000+000', 'day 0'],
    ['20240229240000.000000+000', 'hour 24'],
    ['20240229126000.000000+000', 'minute 60'],
    ['20240229120060.000000+000', 'second 60'],
    ['2024022912000*.******+000', 'half a field'],
    ['20240229**0000.000000+000', 'digits after asterisks'],
    ['20240229120000.000000:001', 'an interval with an offset'],
    ['20240229120000.000000+0a0', 'letters'],
    ['2024022912000０.000000+000', 'a digit of another script'],
  ])('%s is none: %s', (text) => {
    expect(isDateTime(text)).toBe(false);
  });

  test('is recognized as the rules say, whatever one character becomes', () => {
    fc.assert(
      fc.property(likely, fc.nat(24), fc.constantFrom(...'0123456789*.:+- a'), (text, at, char) => {
        const changed = text.slice(0, at) + char + text.slice(at + 1);
        expect([changed, isDateTime(changed)]).toEqual([changed, reference(changed)]);
      }),
      { numRuns: 3000 },
    );
  });
});
