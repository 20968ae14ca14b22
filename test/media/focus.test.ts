import { expect, test } from '@jest/globals';
import { parseFocus } from '../../src/media/focus.js';

test.each([
  ['0.5,-0.25', { x: 0.5, y: -0.25 }],
  [' -1 , 1 ', { x: -1, y: 1 }],
  ['.5,0.', { x: 0.5, y: 0 }],
  ['-0,0', { x: 0, y: 0 }],
  ['2,-7', { x: 1, y: -1 }],
  ['99999999999999999999,0', { x: 1, y: 0 }],
  ['NaN,2', null],
  ['1e9,0', null],
  ['Infinity,0', null],
  ['0x1,0', null],
  ['0', null],
  ['0,0,0', null],
  [',', null],
  ['', null],
  ['0;0', null],
  [`0.${'1'.repeat(1000)},0`, null],
  [null, null],
  [[0, 0], null],
])('parseFocus(%j) is %j', (value, expected) => {
  expect(parseFocus(value)).toEqual(expected);
});
