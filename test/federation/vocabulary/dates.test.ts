import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dateOf, durationOf } from '../../../federation/vocabulary/dates.js';

describe('dateOf', () => {
  test.each([
    ['2024-05-01T10:00:00Z', '2024-05-01T10:00:00.000Z'],
    ['2024-05-01t10:00:00z', '2024-05-01T10:00:00.000Z'],
    ['2024-05-01T10:00:00.5Z', '2024-05-01T10:00:00.500Z'],
    ['2021-11-01T12:11:22.871846Z', '2021-11-01T12:11:22.871Z'],
    ['2023-04-24T23:36:38.037794528Z', '2023-04-24T23:36:38.037Z'],
    ['2021-10-20T12:40:37+02:00', '2021-10-20T10:40:37.000Z'],
    ['2021-10-20T12:40:37-0330', '2021-10-20T16:10:37.000Z'],
    ['2021-10-20T00:30:00+01', '2021-10-19T23:30:00.000Z'],
    ['2017-12-19T16:56:29.7576707+00:00', '2017-12-19T16:56:29.757Z'],
    ['2019-09-19T00:32:36.785333', '2019-09-19T00:32:36.785Z'],
    ['2019-09-19 00:32:36 Z', '2019-09-19T00:32:36.000Z'],
    ['2019-09-19T00:32Z', '2019-09-19T00:32:00.000Z'],
    ['2019-09-19', '2019-09-19T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
    [['2019-09-19'], '2019-09-19T00:00:00.000Z'],
    [{ '@value': '2019-09-19', type: 'xsd:dateTime' }, '2019-09-19T00:00:00.000Z'],
  ])('reads %j', (value, expected) => {
    expect(dateOf(value)).toBe(expected);
  });

  test.each([
    'yesterday',
    '',
    '2024-02-30T10:00:00Z',
    '2024-13-01T10:00:00Z',
    '2024-05-01T25:00:00Z',
    '2024-05-01T10:60:00Z',
    '2024-05-01T10:00:61Z',
    '2024-05-01T10:00:00+99:00',
    '-0001-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '+99999-01-01T00:00:00Z',
    '99999-01-01T00:00:00Z',
    'Wed, 01 May 2024 10:00:00 GMT',
    '1714557600',
    1714557600,
    true,
    {},
    [],
    null,
    `2024-05-01T10:00:00.${'1'.repeat(1000)}Z`,
  ])('IN_DATES: %j is no date', (value) => {
    expect(dateOf(value)).toBeNull();
  });

  test('reads back every time that it could have written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (millis) => {
        const iso = new Date(millis).toISOString();
        expect(dateOf(iso)).toBe(iso);
      }),
    );
  });
});

describe('durationOf', () => {
  test.each([
    ['PT3622S', 3622],
    ['PT1H2M3.5S', 3723.5],
    ['P1DT1S', 86_401],
    ['PT5M', 300],
    [12.5, 12.5],
    ['P', null],
    ['PT', null],
    ['P1Y', null],
    ['12', null],
    [-1, null],
    [null, null],
    [`PT${'9'.repeat(100)}S`, null],
  ])('%j', (value, expected) => {
    expect(durationOf(value)).toBe(expected);
  });
});
