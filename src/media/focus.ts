/** The focal point of a picture: both axes from -1 to 1, the centre is 0,0, up and right are positive. */

export interface Focus {
  x: number;
  y: number;
}

const number = /^\s*[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})\s*$/;

/** Reads `"x,y"`. Numbers outside the picture are moved to its edge; anything that is no pair of numbers is null. */
export function parseFocus(value: unknown): Focus | null {
  if (typeof value !== 'string' || value.length > 100) return null;
  const parts = value.split(',');
  if (parts.length !== 2 || !parts.every((part) => number.test(part))) return null;
  const [x = 0, y = 0] = parts.map((part) => clamp(Number(part)));
  return { x, y };
}

function clamp(value: number): number {
  // Adding zero turns -0, which JSON cannot say, into 0.
  return Math.min(1, Math.max(-1, value)) + 0;
}
